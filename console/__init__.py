"""The operator's face of Interlock: command line, terminal console, headless output and the demo."""
