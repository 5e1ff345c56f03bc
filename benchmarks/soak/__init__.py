"""A working day in minutes: whether memory and the console's tick stay what they are (`make soak`)."""
