"""Stands in for aws-actions/configure-aws-credentials."""

import re

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from tests.workflows.stand_ins.job import append, env, job, mask, permissions, refuse, settings

SESSION = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def main() -> None:
    """Assume the role, if it trusts the GitHub environment of the job, and export credentials."""
    role, session, region = env("ROLE"), env("SESSION"), env("REGION")
    if permissions().get("id-token") != "write":
        refuse("configure-aws-credentials: the job may not ask for an OIDC token")
    if not role or not re.fullmatch(r"[a-z0-9-]+", region) or not SESSION.fullmatch(session):
        refuse("configure-aws-credentials: role, region and session name have to be set")
    environment = job()["environment"]
    trusted = settings()["trust"].get(role)
    if trusted is None or environment != trusted:
        refuse(
            f"configure-aws-credentials: not authorized to perform sts:AssumeRoleWithWebIdentity: "
            f"{role} trusts the environment {trusted}, and the job is in {environment}"
        )
    # The sandbox's STS looks at no token: what the role trusts was judged above.
    sts = boto3.client("sts", region_name=region, config=Config(signature_version=UNSIGNED))
    given = sts.assume_role_with_web_identity(
        RoleArn=role, RoleSessionName=session, WebIdentityToken=f"environment:{environment}"
    )["Credentials"]
    mask(given["SecretAccessKey"])
    mask(given["SessionToken"])
    for name, value in {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }.items():
        append("GITHUB_ENV", f"{name}={value}")


if __name__ == "__main__":
    main()
