"""llama.cpp, by its C functions in the library of the package xllamacpp."""

import ctypes
import pathlib

import numpy
import xllamacpp

CONTEXT = 256


class Params(ctypes.Structure):
    """llama_model_params or llama_context_params: the first numbers, and room for whatever else a version has."""

    _fields_ = [("numbers", ctypes.c_uint32 * 4), ("rest", ctypes.c_uint64 * 128)]


class Batch(ctypes.Structure):
    _fields_ = [("n_tokens", ctypes.c_int32), ("token", ctypes.POINTER(ctypes.c_int32)), ("embd", ctypes.c_void_p),
                ("pos", ctypes.POINTER(ctypes.c_int32)), ("n_seq_id", ctypes.POINTER(ctypes.c_int32)),
                ("seq_id", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))), ("logits", ctypes.POINTER(ctypes.c_int8))]


POINTER, INT, BOOL = ctypes.c_void_p, ctypes.c_int32, ctypes.c_bool
LIBRARY = ctypes.CDLL(str(next(pathlib.Path(xllamacpp.__path__[0]).glob("*.so"))))
for name, result, arguments in (
        ("llama_model_default_params", Params, []),
        ("llama_context_default_params", Params, []),
        ("llama_model_load_from_file", POINTER, [ctypes.c_char_p, Params]),
        ("llama_init_from_model", POINTER, [POINTER, Params]),
        ("llama_model_get_vocab", POINTER, [POINTER]),
        ("llama_vocab_n_tokens", INT, [POINTER]),
        ("llama_batch_init", Batch, [INT, INT, INT]),
        ("llama_batch_free", None, [Batch]),
        ("llama_get_memory", POINTER, [POINTER]),
        ("llama_memory_clear", None, [POINTER, BOOL]),
        ("llama_decode", INT, [POINTER, Batch]),
        ("llama_set_n_threads", None, [POINTER, INT, INT]),
        ("llama_get_logits", ctypes.POINTER(ctypes.c_float), [POINTER]),
        ("llama_free", None, [POINTER]),
        ("llama_model_free", None, [POINTER]),
        ("llama_tokenize", INT, [POINTER, ctypes.c_char_p, INT, ctypes.POINTER(INT), INT, BOOL, BOOL])):
    getattr(LIBRARY, name).restype = result
    getattr(LIBRARY, name).argtypes = arguments
LIBRARY.llama_backend_init()


class LlamaCpp:
    """A model in llama.cpp, by its C functions in the library of xllamacpp."""

    def __init__(self, path, context=CONTEXT, threads=None):
        """`context` tokens fit a window; `threads` of the program, or as many as it likes."""
        self.model = LIBRARY.llama_model_load_from_file(str(path).encode(), LIBRARY.llama_model_default_params())
        assert self.model, path
        params = LIBRARY.llama_context_default_params()
        params.numbers[0] = params.numbers[1] = params.numbers[2] = context  # n_ctx, n_batch, n_ubatch
        self.context = LIBRARY.llama_init_from_model(self.model, params)
        if threads:
            LIBRARY.llama_set_n_threads(self.context, threads, threads)
        self.vocabulary = LIBRARY.llama_model_get_vocab(self.model)
        self.tokens = LIBRARY.llama_vocab_n_tokens(self.vocabulary)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        LIBRARY.llama_free(self.context)
        LIBRARY.llama_model_free(self.model)

    def tokenize(self, text):
        data = text.encode()
        ids = (INT * (len(data) + 8))()
        return list(ids[:LIBRARY.llama_tokenize(self.vocabulary, data, len(data), ids, len(ids), False, False)])

    def clear(self):
        LIBRARY.llama_memory_clear(LIBRARY.llama_get_memory(self.context), True)

    def read(self, ids, first=0, every=False):
        """Reads tokens that stand at `first` and behind; computes the logits of the last, or of every one."""
        batch = LIBRARY.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0] = token, first + i, 1, 0
            batch.logits[i] = every or i + 1 == len(ids)
        assert LIBRARY.llama_decode(self.context, batch) == 0
        LIBRARY.llama_batch_free(batch)

    def logits(self, ids):
        """(T, V) after each of the tokens."""
        self.clear()
        self.read(ids, every=True)
        found = LIBRARY.llama_get_logits(self.context)
        return numpy.ctypeslib.as_array(found, (len(ids), self.tokens)).astype(float)

    def log_probabilities(self, window):
        """Of the second half of a window, as llama-perplexity takes it."""
        logits = self.logits(window)[len(window) // 2:-1]
        largest = logits.max(axis=1, keepdims=True)
        return logits - largest - numpy.log(numpy.exp(logits - largest).sum(axis=1, keepdims=True))

    def perplexity(self, file, context=CONTEXT):
        losses = []
        for window in windows(self.tokenize(pathlib.Path(file).read_text()), context):
            losses.append(-self.log_probabilities(window)[numpy.arange(context // 2 - 1), window[context // 2 + 1:]])
        return numpy.exp(numpy.concatenate(losses).mean())


def windows(ids, context=CONTEXT):
    """Tokens in windows as llama-perplexity cuts them, without the rest at the end."""
    return [ids[begin:begin + context] for begin in range(0, len(ids) // context * context, context)]
