# Its own defaults, but for the address and the number of workers.
import os

bind = "127.0.0.1:" + os.environ["PORT"]
workers = int(os.environ["WORKERS"])
preload_app = os.environ.get("PRELOAD") == "1"


def post_worker_init(worker):
    with open(os.environ["LISTENING"], "a") as file:
        file.write("%d\n" % worker.pid)
