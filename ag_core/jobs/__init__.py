"""Long work beside the app: one queue, and the processes that do the work.

job.py       what a job and a kind of job are                     queue.py      what waits, runs and is done, for whom
slots.py     one process at its work, within its limits          process.py    a child process, seen by its parent
serving.py   the same from within: takes jobs
messages.py  what goes between the two: JSON lines
prediction.py, films.py, learning.py, what_if.py   what is particular to a kind of job, its process in *_worker.py
"""
