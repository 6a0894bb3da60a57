"""The commands of `relnas-mm`, one module each: its parser and its `main`."""
