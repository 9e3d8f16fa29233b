"""Sets what must be set before Rasa is imported: no calls home, no GPU search, no chatter in the log."""

import logging
import os


def quiet() -> None:
    os.environ.update(RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", LOG_LEVEL="ERROR")
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("rasa").setLevel(logging.CRITICAL)  # our channel logs a failed turn, without its texts
    logging.captureWarnings(True)  # old libraries warn about each other; a filter would be reset by some of them
    import structlog

    # Rasa logs every state of every rule to structlog, which prints all of it unless told otherwise; texts included
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
