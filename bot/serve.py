"""Starts Rasa with our channel alone: `bot/.venv/bin/python -m bot.serve --model PATH --port N` from the root of the checkout.

Listens on loopback, and only once the model is loaded. Needs WEGWIJS_BOT_TOKEN (who may ask), WEGWIJS_ACTIONS_URL and
WEGWIJS_ACTIONS_TOKEN (who answers). Dies with the process that started it.
"""

import argparse
import gc
import os
import sys
from typing import Any

from bot.processes import die_with_parent

NEEDED = ("WEGWIJS_BOT_TOKEN", "WEGWIJS_ACTIONS_URL", "WEGWIJS_ACTIONS_TOKEN")
COLLECTED_AFTER = 20_000, 20, 50  # new objects, and rounds, after which Python looks for those that nobody needs any more


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--with-tensorflow", action="store_true", help="as Rasa ships it; done by itself for a model that needs it")
    parser.add_argument("--parent", type=int, default=os.getppid(), help="the process that starts this one, and ends it by its own end")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    unset = [name for name in NEEDED if not os.environ.get(name)]
    if unset:
        sys.exit(f"serve: not set: {', '.join(unset)}")
    if not os.path.isfile(arguments.model):
        sys.exit(f"serve: no model at {arguments.model}")
    try:
        app = make_app(arguments.model, *(os.environ[name] for name in NEEDED), with_tensorflow=arguments.with_tensorflow)
    except Exception as error:
        from bot.light import is_needed

        if arguments.with_tensorflow or not is_needed(error):
            raise
        print("serve: the model needs TensorFlow, which takes more memory and a slower start", file=sys.stderr, flush=True)
        os.execv(sys.executable, [sys.executable, "-m", "bot.serve", *sys.argv[1:], "--with-tensorflow"])  # noqa: S606
    gc.freeze()  # what was imported and loaded stays: the collector, which took some of each turn, looks at the rest, and less often
    gc.set_threshold(*COLLECTED_AFTER)
    app.run(host="127.0.0.1", port=arguments.port, access_log=False, debug=False, motd=False)


def make_app(model: str, token: str, actions_url: str, actions_token: str, with_tensorflow: bool = False) -> Any:
    """The Sanic application with our channel on it, and its model loaded."""
    # one text is a small sum: more threads of numpy's would wait for each other, busily, and double a turn's processor time
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    from bot.light import leave_out_tensorflow
    from bot.quiet import quiet

    quiet()
    if not with_tensorflow:
        leave_out_tensorflow()
    from rasa.core.channels.channel import register
    from sanic import Sanic

    from bot.channel import WegwijsChannel
    from bot.faster import ActionServer, compile_action_validator, log_without_copies, remember_event_types
    from bot.turn import TurnProcessor

    compile_action_validator()
    remember_event_types()
    log_without_copies()
    actions = ActionServer(actions_url, actions_token)
    app = Sanic("wegwijs_bot", configure_logging=False)
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.RESPONSE_TIMEOUT = 30
    app.config.KEEP_ALIVE_TIMEOUT = 75  # longer than the service keeps a connection, so that it never meets a closed one
    register([WegwijsChannel(token, TurnProcessor(model, actions))], app, route="/webhooks/")

    @app.listener("after_server_stop")
    async def close(*_: Any) -> None:
        await actions.close()

    return app


if __name__ == "__main__":
    main()
