"""Séquence's service. Empty on purpose: importing the domain must not import Flask (the factory: `service.app`)."""
