"""Long work beside the app: queues, and the processes that do it."""
