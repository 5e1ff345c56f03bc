"""Make a tiny random-weight GGUF model: `python -m tests.realserver.make_model OUT MODEL` in the model's environment.

The model knows nothing and babbles, but a real llama.cpp server takes it: real tokenizer, chat template with tools and
thinking, grammars, slots and KV cache. The same seed gives the same bytes. Its residual dimension 0 is constant, and
the output matrix uses it as a log prior for each token; that is all it has "learned".
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, LlamaFileType

from tests.realserver.vocabulary import END_OF_TEXT, END_OF_TURN, Habits, Vocabulary, log_priors, make_vocabulary

SEED = 1234
HEADS, KV_HEADS = 4, 2
CONSTANT = 4.0
TEMPLATE = Path(__file__).with_name("chat_template.jinja")


@dataclass(frozen=True)
class Shape:
    """Size and habits of a model."""

    dims: int = 64
    layers: int = 2
    trained_context: int = 131_072
    noise: float = 0.12
    habits: Habits = field(default_factory=Habits)


MODELS = {
    "tiny": Shape(habits=Habits(end_thinking=1e-9)),
    "calls": Shape(habits=Habits(end_turn=1.0, end_thinking=1e-9, open_call=0.3)),
    "endless": Shape(habits=Habits(end_turn=1e-9, end_thinking=1e-9)),
    "slow": Shape(dims=512, layers=12, habits=Habits(end_turn=1e-9)),
}
"""None closes its thinking by itself, so that no answer holds a closing tag in its text.

By name: the common one; one that likes to call tools; one that never ends by itself; one that takes its time."""


def write_model(path: Path, shape: Shape) -> None:
    """Write the model to `path`."""
    vocabulary = make_vocabulary()
    writer = GGUFWriter(path, "llama")
    _describe(writer, shape, len(vocabulary.tokens))
    _add_tokenizer(writer, vocabulary)
    _add_weights(writer, shape, log_priors(vocabulary, shape.habits))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: GGUFWriter, shape: Shape, tokens: int) -> None:
    writer.add_name("tiny-babble")
    writer.add_description("random weights, for protocol tests only")
    writer.add_context_length(shape.trained_context)
    writer.add_embedding_length(shape.dims)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(2 * shape.dims)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(shape.dims // HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(tokens)
    writer.add_file_type(LlamaFileType.ALL_F32)


def _add_tokenizer(writer: GGUFWriter, vocabulary: Vocabulary) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    writer.add_token_merges([f"{a} {b}" for a, b in vocabulary.merges])
    writer.add_bos_token_id(vocabulary.number(END_OF_TEXT))
    writer.add_eos_token_id(vocabulary.number(END_OF_TURN))
    writer.add_pad_token_id(vocabulary.number(END_OF_TEXT))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE.read_text(encoding="utf-8"))


def _add_weights(writer: GGUFWriter, shape: Shape, priors: np.ndarray) -> None:
    rng = np.random.default_rng(SEED)
    dims, wide = shape.dims, 2 * shape.dims
    keys = KV_HEADS * dims // HEADS

    def normal(rows: int, columns: int, scale: float) -> np.ndarray:
        # wider models get smaller weights, so that they babble like the one with 64 dimensions
        size = np.float32(scale * math.sqrt(64 / dims))
        return rng.standard_normal((rows, columns), dtype=np.float32) * size

    def keeps_constant(matrix: np.ndarray) -> np.ndarray:
        matrix[0, :] = 0.0
        return matrix

    ones = np.ones(dims, np.float32)
    embedding = normal(len(priors), dims, 0.5)
    embedding[:, 0] = CONSTANT
    writer.add_tensor("token_embd.weight", embedding)
    for layer in range(shape.layers):
        block = {
            "attn_norm": ones,
            "attn_q": normal(dims, dims, 0.15),
            "attn_k": normal(keys, dims, 0.15),
            "attn_v": normal(keys, dims, 0.15),
            "attn_output": keeps_constant(normal(dims, dims, 0.05)),
            "ffn_norm": ones,
            "ffn_gate": normal(wide, dims, 0.1),
            "ffn_up": normal(wide, dims, 0.1),
            "ffn_down": keeps_constant(normal(dims, wide, 0.05)),
        }
        for name, matrix in block.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", matrix)
    writer.add_tensor("output_norm.weight", ones)
    output = normal(len(priors), dims, shape.noise)
    # what dimension 0 is after the last RMS norm, with the usual size of the others
    constant = CONSTANT / math.sqrt((CONSTANT**2 + 64 * 0.3) / dims)
    output[:, 0] = (priors / constant).astype(np.float32)
    writer.add_tensor("output.weight", output)


if __name__ == "__main__":
    write_model(Path(sys.argv[1]), MODELS[sys.argv[2]])
