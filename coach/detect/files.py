"""The learned half on the disk: one file a language, read whole when a process starts, written whole or not at all."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from coach.detect.linear import Kinds, Linear
from coach.taxonomy import LANGUAGES, Language

MODELS = Path(__file__).parent / "models"


class ModelFileError(Exception):
    """A file that should be a model is none."""


@contextmanager
def _opened(language: Language, folder: Path | None) -> Iterator[Any]:
    """A language's file, None if it does not exist. Raises `ModelFileError`."""
    path = (folder or MODELS) / f"{language}.npz"
    if not path.is_file():
        yield None
        return
    try:
        # Opened here: numpy leaves a broken file open.
        with path.open("rb") as file, np.load(file) as data:
            yield data
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        how = "`coach learn`, or remove it" if folder else "`make model`"
        raise ModelFileError(f"{path} is no model ({type(error).__name__}): make it anew with {how}") from None


def load(language: Language, folder: Path | None = None) -> Linear | None:
    """A language's model in `folder` (default: the shipped one); None if it was not trained yet.

    Raises `ModelFileError`.
    """
    with _opened(language, folder) as data:
        if data is None:
            return None
        weights = data["weights"].astype(np.float32) * data["step"].astype(np.float32)
        bias, cues = data["bias"].astype(np.float32), data["cues"].astype(np.float32)
        sharp = data["sharp"].tolist()
        kinds = Kinds(data["kind_bias"].tolist(), data["kind_cues"].tolist(), (sharp[0], sharp[1]))
        return Linear(weights, bias, cues, data["threshold"].tolist(), kinds)


def load_all(folder: Path | None = None) -> dict[Language, Linear | None]:
    """Every language's model: the one in `folder` if there is one, else the shipped one. Raises `ModelFileError`."""
    return {language: (load(language, folder) if folder else None) or load(language) for language in LANGUAGES}


def save(path: Path, weights: Any, corpus: str, **columns: Any) -> None:
    """Write a model, its weights as 8-bit steps: all of it or nothing. `corpus` identifies what it was trained on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    step = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    small = np.round(weights / step).astype(np.int8)
    arrays: dict[str, Any] = {"weights": small, "step": step, "corpus": np.array(corpus)}
    arrays |= {name: np.asarray(values, np.float64) for name, values in columns.items()}
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / path.name
        np.savez_compressed(whole, **arrays)
        whole.replace(path)


def trained_on(language: Language, folder: Path | None = None) -> str | None:
    """What the model was trained on. Raises `ModelFileError`."""
    with _opened(language, folder) as data:
        return str(data["corpus"]) if data is not None else None
