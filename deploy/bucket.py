"""Make the bucket for artifacts if it is not there: `python -m deploy.bucket NAME`."""

import os
import sys

import boto3


def main(name: str) -> None:
    """Make the bucket at the endpoint that MLflow uses."""
    store = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    if name not in {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}:
        store.create_bucket(Bucket=name)


if __name__ == "__main__":
    main(sys.argv[1])
