"""Documents out: a plain table or dataclass in, bytes out. No Flask, no database."""
