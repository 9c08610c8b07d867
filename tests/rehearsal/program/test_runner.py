"""Small programs, really run and provisioned in the local cloud."""

import json

import pytest

from tests.rehearsal.program.conftest import ACCOUNT, STACK_FILE, by_name

VARIABLE = """
    import pulumi, pulumi_github as github
    cfg = pulumi.Config()
    github.ActionsVariable("size", repository="payments-api", variable_name="SIZE{suffix}", value=str(cfg.require_int("size")))
"""
COMPONENT = """
    import pulumi, pulumi_aws as aws

    class Inner(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("package-flow:index:Inner", name, {}, opts)
            self.topic = aws.sns.Topic(name, name=name, opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({"arn": self.topic.arn})

    class Outer(pulumi.ComponentResource):
        def __init__(self, name, opts=None):
            super().__init__("package-flow:index:Outer", name, {}, opts)
            self.inner = Inner(name, opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({})
"""


def variable(suffix: str) -> str:
    return VARIABLE.replace("{suffix}", suffix)


def test_a_program_is_provisioned_and_reported(project):
    result = project.write(
        COMPONENT
        + """
    outer = Outer("urns")
    queue = aws.sqs.Queue("urns", opts=pulumi.ResourceOptions(depends_on=[outer], protect=True, retain_on_delete=True))
    pulumi.export("arn", outer.inner.topic.arn)
    """
    ).run()
    assert result["error"] is None
    urns = {name: resource["urn"] for name, resource in {r["type"]: r for r in result["resources"]}.items()}
    prefix = "urn:pulumi:dev::package-flow::package-flow:index:Outer"
    assert urns == {
        "package-flow:index:Outer": f"{prefix}::urns",
        "package-flow:index:Inner": f"{prefix}$package-flow:index:Inner::urns",
        "aws:sns/topic:Topic": f"{prefix}$package-flow:index:Inner$aws:sns/topic:Topic::urns",
        "aws:sqs/queue:Queue": "urn:pulumi:dev::package-flow::aws:sqs/queue:Queue::urns",
    }
    queue = next(each for each in result["resources"] if each["type"].startswith("aws:sqs"))
    assert (queue["protect"], queue["retain_on_delete"], queue["where"]) == (True, True, "__main__.py:17")
    assert queue["dependencies"] == [urns["aws:sns/topic:Topic"]]  # the SDK names the custom resources inside a component
    assert queue["outputs"]["name"].startswith("urns-")
    assert len(queue["outputs"]["name"]) == len("urns-1234567")
    assert result["outputs"] == {"arn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:urns"}


def test_the_inputs_are_what_the_program_sent_and_default_tags_are_an_output(project):
    result = project.write('import pulumi_aws as aws\naws.sns.Topic("tagged", name="tagged", tags={"team": "x"})').run()
    topic = by_name(result)["tagged"]
    assert topic["inputs"] == {"name": "tagged", "tags": {"team": "x"}}
    assert topic["outputs"]["tagsAll"] == {"project": "package-flow", "team": "x"}


def test_integers_secrets_and_stack_outputs(project):
    result = project.write(
        """
        import pulumi, pulumi_aws as aws
        cfg = pulumi.Config()
        hook = cfg.require_secret("hook")
        topic = aws.sns.Topic("secret", name="secret", display_name=hook)
        queue = aws.sqs.Queue("numbers", name="numbers", message_retention_seconds=cfg.require_int("size") * 60)
        pulumi.export("derived", topic.display_name.apply(lambda text: text.upper()))
        pulumi.export("plain", topic.name)
        """,
        stack_file=STACK_FILE + "  package-flow:size: 60\n  package-flow:hook: {secure: v1:abc}\n",
    ).run()
    assert result["error"] is None
    assert by_name(result)["secret"]["inputs"]["displayName"] == "[secret]"
    assert "stand-in" not in json.dumps(result)
    assert (result["secret_outputs"], result["outputs"]["derived"], result["outputs"]["plain"]) == (["derived"], "[secret]", "secret")
    assert by_name(result)["numbers"]["inputs"]["messageRetentionSeconds"] == 3600


def test_another_account_than_the_stack_allows_is_refused_before_anything_is_made(project):
    project.write(variable("_GUARD"), stack_file=STACK_FILE.replace(ACCOUNT, "444455556666"))
    refused = project.run()
    assert refused["error"]["message"] == f"AWS account ID not allowed: {ACCOUNT}"
    assert (refused["resources"], project.events) == ([], [])
    assert project.write(variable("_GUARD")).run()["error"] is None


def test_a_failed_resource_is_named_with_its_line_and_stops_the_rest(project):
    result = project.write(
        """
        import pulumi, pulumi_github as github
        after = lambda *others: pulumi.ResourceOptions(depends_on=others)
        first = github.ActionsVariable("first", repository="payments-api", variable_name="FIRST", value="1")
        bad = github.ActionsVariable("bad", repository="nowhere", variable_name="BAD", value="1", opts=after(first))
        github.ActionsVariable("last", repository="payments-api", variable_name="LAST", value=bad.value)
        github.ActionsVariable("later", repository="payments-api", variable_name="LATER", value="1", opts=after(bad))
        """
    ).run()
    error = result["error"]
    assert (error["name"], error["where"]) == ("bad", "__main__.py:5")
    assert error["urn"].endswith("ActionsVariable::bad")
    assert "404 Not Found" in error["message"]
    assert [each["name"] for each in result["resources"]] == ["first"]
    assert project.happened("creating") == ["first", "bad"]
    assert project.happened("failed") == ["bad"]


def test_a_misspelt_nested_key_is_refused_and_the_right_one_accepted(project):
    ruleset = """
        import pulumi_github as github
        github.RepositoryRuleset("r", name="{name}", repository="rules", target="branch", enforcement="active",
            conditions={{"ref_name": {{"includes": ["~DEFAULT_BRANCH"], "excludes": []}}}},
            rules={{"pull_request": {{"{key}": 1}}}})
    """
    refused = project.write(ruleset.format(name="misspelt", key="required_aproving_review_count")).run()
    assert refused["error"]["problems"][0].startswith("rules.pullRequest.required_aproving_review_count is not an input")
    assert project.write(ruleset.format(name="right", key="required_approving_review_count")).run()["error"] is None


def test_a_type_or_function_without_a_handler_is_named(project):
    result = project.write('import pulumi_aws as aws\naws.ssm.Parameter("p", type="String", value="v")').run()
    assert result["error"]["message"] == "the rehearsal has no handler for resource type aws:ssm/parameter:Parameter"
    swallowed = """
        import pulumi_aws as aws, pulumi_github as github
        try:
            aws.get_availability_zones()
        except Exception:
            pass
        github.ActionsVariable("after", repository="payments-api", variable_name="AFTER", value="1")
    """
    result = project.write(swallowed).run()
    assert "no handler for function aws:index/getAvailabilityZones:getAvailabilityZones" in result["error"]["message"]
    assert result["resources"] == []


def test_an_error_of_the_program_has_its_line(project):
    result = project.write("import pulumi\n\nraise ValueError('broken catalog')\n").run()
    assert (result["error"]["message"], result["error"]["where"]) == ("ValueError: broken catalog", "__main__.py:3")
    assert "raise ValueError" in result["error"]["traceback"]
    result = project.write("import pulumi\n\nraise pulumi.RunError('two problems')\n").run()
    assert (result["error"]["message"], result["error"]["traceback"]) == ("two problems", "")


def test_a_duplicate_urn_is_refused(project):
    result = project.write(
        variable("_A") + '    github.ActionsVariable("size", repository="payments-api", variable_name="B", value="1")\n'
    ).run()
    urn = "urn:pulumi:dev::package-flow::github:index/actionsVariable:ActionsVariable::size"
    assert result["error"]["message"] == f"Duplicate resource URN '{urn}'; try giving it a unique name"


def test_destroy_goes_in_reverse_and_names_what_it_retains(project):
    program = """
        import pulumi, pulumi_aws as aws
        queue = aws.sqs.Queue("queue", name="going")
        topic = aws.sns.Topic("topic", name="going")
        aws.sns.TopicSubscription("subscription", topic=topic.arn, protocol="sqs", endpoint=queue.arn)
        aws.sns.Topic("kept", name="kept", opts=pulumi.ResourceOptions(retain_on_delete=True))
    """
    state = project.write(program).run()
    destroyed = project.destroy(state)
    assert (destroyed["error"], destroyed["resources"], destroyed["outputs"]) == (None, [], {})
    assert project.happened("deleted")[0] == "subscription"
    assert sorted(project.happened("deleted")) == ["queue", "subscription", "topic"]
    assert [each["id"] for each in destroyed["retained"]] == [f"arn:aws:sns:eu-west-1:{ACCOUNT}:kept"]
    assert [urn.rpartition("::")[2] for urn in destroyed["deleted"]] == project.happened("deleted")


def test_destroy_refuses_what_is_protected_unless_told(project):
    program = """
        import pulumi, pulumi_aws as aws
        topic = aws.sns.Topic("guarded", name="guarded", opts=pulumi.ResourceOptions(protect=True))
    """
    state = project.write(program).run()
    refused = project.destroy(state)
    assert "cannot be deleted\nbecause it is protected" in refused["error"]["message"]
    assert [each["name"] for each in refused["resources"]] == ["guarded"]
    assert project.destroy(state, unprotect=True)["resources"] == []


def test_protection_of_a_component_reaches_its_children(project):
    program = COMPONENT + '    Outer("inherits", opts=pulumi.ResourceOptions(protect=True, retain_on_delete=True))\n'
    result = project.write(program).run()
    assert [(each["protect"], each["retain_on_delete"]) for each in result["resources"]] == [(True, True)] * 3


def test_a_stack_reference_is_answered_from_result_files(project, tmp_path):
    producer = project.write('import pulumi\npulumi.export("domain", "acme")\npulumi.export("token", pulumi.Output.secret("x"))').run()
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "prod.json").write_text(json.dumps({**producer, "stack": "prod"}))
    program = """
        import pulumi
        stack = pulumi.StackReference("organization/{project}/{stack}")
        pulumi.export("domain", stack.require_output("domain"))
        pulumi.export("token", stack.require_output("token"))
    """
    result = project.write(program.format(project="package-flow", stack="prod")).run(stacks_directory=stacks)
    assert (result["error"], result["outputs"]["domain"], result["secret_outputs"]) == (None, "acme", ["token"])
    for missing in ({"project": "package-flow", "stack": "gone"}, {"project": "other", "stack": "prod"}):
        result = project.write(program.format(**missing)).run(stacks_directory=stacks)
        assert "unknown stack" in result["error"]["message"]


def test_what_takes_the_engine_says_so(project):
    program = """
        import pulumi, pulumi_aws as aws
        own = pulumi.runtime.invoke(
            "pulumi:pulumi:readStackResourceOutputs", {"stackName": f"organization/package-flow/{pulumi.get_stack()}"}
        ).value
        pulumi.export("before", own["outputs"])
        topic = aws.sns.Topic("t", name="once"ADOPTED)
        LOOKED_UP
    """
    made = project.write(program.replace("ADOPTED", "").replace("LOOKED_UP", "")).run()
    assert (made["error"], made["outputs"]) == (None, {"before": {}})
    again = project.run(made)
    assert "without the engine dev is made once" in again["error"]["message"]
    assert [each["name"] for each in again["resources"]] == ["t"]
    assert "refreshed or previewed" in project.run(preview=True)["error"]["message"]
    adopting = project.write(program.replace("ADOPTED", ', opts=pulumi.ResourceOptions(import_="arn")').replace("LOOKED_UP", "")).run()
    assert "does not support adopting what is there (the option import_)" in adopting["error"]["message"]
    looking = project.write(program.replace("ADOPTED", "").replace("LOOKED_UP", 'aws.sns.Topic.get("u", "arn")')).run()
    assert "only a stack is looked up" in looking["error"]["message"]


def test_providers_that_the_program_registers(project):
    program = """
        import pulumi, pulumi_aws as aws
        there = aws.Provider("there", region="us-east-1")
        aws.sns.Topic("t", name="elsewhere", opts=pulumi.ResourceOptions(provider=there))
    """
    result = project.write(program).run()
    assert result["error"] is None
    topic = by_name(result)["t"]
    assert (topic["id"], topic["outputs"]["tagsAll"]) == (f"arn:aws:sns:us-east-1:{ACCOUNT}:elsewhere", {})
    assert project.destroy(result)["resources"] == []


def test_a_provider_with_a_secret_can_not_be_connected_to_delete(project):
    program = """
        import pulumi, pulumi_github as github
        by_hub = pulumi.ResourceOptions(provider=github.Provider("hub", owner="acme", token="secret"))
        github.ActionsVariable("v", repository="payments-api", variable_name="BY_TOKEN", value="1", opts=by_hub)
    """
    result = project.write(program.replace("secret", "ghs_deployer")).run()
    assert by_name(result)["hub"]["inputs"]["token"] == "[secret]"
    assert "configured with a secret, which the state file does not hold" in project.destroy(result)["error"]["message"]


def test_a_provider_that_assumes_a_role_acts_as_it(project):
    trust = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
    )
    role = project.write(f"import pulumi_aws as aws\naws.iam.Role('r', name='elsewhere', assume_role_policy='{trust}')").run()
    program = """
        import pulumi, pulumi_aws as aws
        role = aws.ProviderAssumeRoleArgs(role_arn="{arn}", session_name="rehearsal")
        there = aws.Provider("there", region="us-east-1", assume_roles=[role])
        me = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=there))
        pulumi.export("arn", me.arn)
        aws.sns.Topic("t", name="not-allowed", opts=pulumi.ResourceOptions(provider=there))
    """
    result = project.write(program.format(arn=by_name(role)["r"]["outputs"]["arn"])).run()
    assert result["error"]["name"] == "t", result["error"]
    assert "AccessDenied" in result["error"]["message"] or "AuthorizationError" in result["error"]["message"]
    assert result["calls"][0]["result"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/elsewhere/rehearsal"


@pytest.mark.parametrize(("region", "arn_region"), [("", "eu-west-1"), (', region="us-west-2"', "us-west-2")])
def test_a_resource_in_a_region_of_its_own(project, region, arn_region):
    result = project.write(f'import pulumi_aws as aws\naws.sns.Topic("t", name="regional"{region})').run()
    assert by_name(result)["t"]["id"] == f"arn:aws:sns:{arn_region}:{ACCOUNT}:regional"


def test_functions(project):
    result = project.write(
        """
        import pulumi, pulumi_aws as aws, pulumi_github as github
        pulumi.export("account", aws.get_caller_identity().account_id)
        pulumi.export("partition", aws.get_partition().partition)
        pulumi.export("organization", github.get_organization(name="acme", summary_only=True).plan)
        pulumi.export("team", github.get_team(slug="payments-leads", summary_only=True).id)
        found = github.get_repository(full_name="acme/functions")
        pulumi.export("repository", [found.repo_id, found.name, found.default_branch, found.archived, found.visibility])
        gone = github.get_repository(full_name="acme/gone")
        pulumi.export("gone", [gone.name, gone.repo_id, gone.default_branch, gone.id])
        pulumi.export("template", github.get_actions_repository_oidc_subject_claim_customization_template(name="functions").use_default)
        pulumi.export("variables", len(github.get_actions_variables(name="functions").variables))
        pulumi.export("branches", [one.name for one in github.get_repository_branches(repository="functions").branches])
        pulumi.export("there", github.get_rest_api(endpoint="repos/acme/functions/actions/permissions/workflow").body)
        pulumi.export("absent", github.get_rest_api(endpoint="repos/acme/functions/environments/none").code)
        key = aws.kms.Key("key")
        aws.kms.Alias("key", name="alias/functions", target_key_id=key.key_id)
        pulumi.export("key", pulumi.Output.all(aws.kms.get_key_output(key_id=key.arn).arn, key.arn).apply(lambda arns: arns[0] == arns[1]))
        """
    ).run()
    assert result["error"] is None
    assert result["outputs"] == {
        "account": ACCOUNT,
        "partition": "aws",
        "organization": "enterprise",
        "team": "77",
        "repository": [9002, "functions", "main", False, "private"],
        "gone": [None, None, None, None],
        "template": True,
        "variables": 0,
        "branches": ["main"],
        "there": '{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false}',
        "absent": 404,
        "key": True,
    }
    assert {each["token"].rpartition(":")[2] for each in result["calls"]} >= {"getCallerIdentity", "getRepository", "getKey"}


def test_a_function_that_fails_can_be_handled_by_the_program(project):
    result = project.write(
        """
        import pulumi, pulumi_github as github
        try:
            github.get_team(slug="nobody", summary_only=True)
        except Exception as error:
            pulumi.export("error", str(error))
        """
    ).run()
    assert result["error"] is None
    assert "invocation of github:index/getTeam:getTeam returned an error: GET " in result["outputs"]["error"]
    assert "404" in result["calls"][0]["error"]


def test_a_renamed_repository_is_followed_and_its_new_name_returned(project, local_cloud):
    local_cloud.github("repositories/rename", {"repository": "acme/old-name", "name": "new-name"})
    result = project.write(
        'import pulumi, pulumi_github as g\npulumi.export("n", g.get_repository(full_name="acme/old-name").full_name)'
    ).run()
    assert result["outputs"] == {"n": "acme/new-name"}


def test_log_messages_are_passed_on(project):
    project.write('import pulumi\npulumi.log.warn("careful")\npulumi.log.debug("noise")').run()
    assert [(each["severity"], each["message"]) for each in project.events] == [("warning", "careful")]


def test_what_would_be_ignored_silently_is_refused(project):
    transforms = """
        import pulumi, pulumi_aws as aws
        aws.sns.Topic("t", name="t", opts=pulumi.ResourceOptions({option}))
    """
    refused = project.write(transforms.format(option="transforms=[lambda args: None]")).run()
    assert "the rehearsal does not support transforms" in refused["error"]["message"]
    assert project.write(transforms.format(option="protect=False")).run()["error"] is None


def test_a_partly_created_resource_is_kept_and_can_be_destroyed(project, monkeypatch):
    from rehearsal.program.clouds import Github, GithubError

    real, failing = Github.call, [True]

    def call(self, method, *path, **more):
        if failing and method == "GET" and path[-1] == "SIZE_PARTLY":
            failing.clear()
            import httpx

            raise GithubError(method, "/".join(path), httpx.Response(502, json={"message": "Server Error"}))
        return real(self, method, *path, **more)

    monkeypatch.setattr(Github, "call", call)
    first = project.write(variable("_PARTLY")).run()
    assert "502" in first["error"]["message"]
    assert by_name(first)["size"]["status"] == "partial"
    assert project.destroy(first)["resources"] == []
