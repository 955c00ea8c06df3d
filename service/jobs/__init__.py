"""Work done outside the web: the queue that carries rounds' numbers, the worker, the child process that solves."""
