"""The only place that imports Airflow: DAGs made from feeds, and the embedded scheduler."""
