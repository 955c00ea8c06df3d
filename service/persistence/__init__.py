"""Rows and how to reach them: tables, engine, named queries, migrations. It knows no rule of the field."""
