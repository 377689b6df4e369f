"""The page that an approver decides on: a section a file, put together by `body.py`."""
