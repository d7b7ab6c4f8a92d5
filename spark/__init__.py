"""The Spark side: frames in, frames out; ``sessionize_job.py`` alone does I/O."""
