import json, logging
from functools import partial
from pathlib import Path
from tests.engine.life import SMALL, living, done, changes
from adopt.program import Found, look
from adopt.importing import import_file, unmatched
def test_x(tmp_path: Path):
    with living(SMALL, tmp_path) as life:
        ca = life.aws("codeartifact")
        ca.create_domain(domain="acme")
        key = ca.describe_domain(domain="acme")["domain"]["encryptionKey"]
        print("KEY", key); life.configure(domain={"name":"acme","encryption":"aws","protect":True})
        for n in ("npmjs","shared","payments"):
            ca.create_repository(domain="acme", repository=n)
        ca.put_repository_permissions_policy(domain="acme", repository="shared", policyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["codeartifact:PublishPackageVersion","codeartifact:ReadFromRepository"],"Resource":"*"}]}))
        iam = life.aws("iam")
        iam.create_role(RoleName="small-read", Path="/package-flow/", AssumeRolePolicyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}))
        run = life.stack.up()
        print(run.errors[0].text if run.errors else "NO ERR")
        found = Found()
        run = life.stack.preview(program=partial(look, found))
        print(run.failed[-3000:], run.errors)
        for t in found.adoption.there: print(t)
        print(found.adoption.problems)
        print(len(found.resources), [str(x) for x in unmatched(found.resources, found.adoption.there)])
        file = tmp_path/"import.json"
        from rehearsal.engine.provider import version
        file.write_text(json.dumps(import_file(found.resources, found.adoption.there, {"aws": version("aws"), "github": version("github")}), indent=1))
        print(file.read_text())
        life.configure(domain={"name":"acme","encryption":"aws","protect":True})
        print(life.stack.take_over(file))
        print([ (r["type"], r["urn"].rpartition("::")[2], r.get("inputs")) for r in life.stack.state()])
        run = life.stack.up()
        print(changes(run), run.errors)
        run = life.stack.up()
        print(changes(run), run.errors)
        assert 0
