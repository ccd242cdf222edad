"""Logging: static event names with fields. No word of a call, no token and no exception text goes in."""

import logging
import sys
import traceback
from pathlib import Path

import structlog

from coach.settings import Settings


def configure(settings: Settings) -> None:
    """Set structlog and the standard library's logging up for this process. Output goes to stderr."""
    level = getattr(logging, settings.log_level.upper())
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True
    )


def causes(error: BaseException) -> str:
    """What went wrong, by type and place. Never the text: it may quote speech."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(dict.fromkeys(causes(each) for each in error.exceptions))
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
