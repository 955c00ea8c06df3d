"""HTML for people, in French: one module per actor, forms at the edge, operations in `service.domain`."""
