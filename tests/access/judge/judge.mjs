// Puts questions to @cloud-copilot/iam-simulate. Input: a JSON file of documents and of cases that name them by number. Output: one
// word a case, as the library says it, or "error: ..." for a policy that it finds invalid or can't read.
//
// The library's own checks of actions, ARNs and condition keys are left out (runUnsafeSimulation): its tables know neither package ARNs without
// a namespace nor the claims of GitHub's tokens.
import { readFileSync } from "node:fs";
import { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy, validateTrustPolicy } from "@cloud-copilot/iam-policy";
import { runUnsafeSimulation } from "@cloud-copilot/iam-simulate";

const { documents, cases } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const known = new Map();

function policy(numbers, validate) {
  const key = `${validate.name} ${numbers}`;
  if (!known.has(key)) {
    const parsed = numbers.map((number) => JSON.parse(documents[number]));
    // A request is decided on one resource policy; a domain's and a repository's are one for CodeArtifact.
    const joined = { Version: parsed[0].Version, Statement: parsed.flatMap((one) => one.Statement) };
    known.set(key, createValidatedPolicy(joined, validate, { name: key }));
  }
  return known.get(key);
}

function judge(one) {
  const named = (numbers) => numbers.map((number) => ({ name: String(number), policy: policy([number], validateIdentityPolicy) }));
  const validate = one.action === "sts:AssumeRoleWithWebIdentity" ? validateTrustPolicy : validateResourcePolicy;
  const simulation = {
    request: {
      principal: one.principal,
      action: one.action,
      resource: { resource: one.resource, accountId: one.owner },
      contextVariables: one.context,
    },
    identityPolicies: named(one.identity),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: one.policies.length ? policy(one.policies, validate) : undefined,
    permissionBoundaryPolicies: one.boundary ? named(one.boundary) : undefined,
  };
  const used = [...simulation.identityPolicies, ...(simulation.permissionBoundaryPolicies ?? [])].map((each) => each.policy);
  const errors = [...used, simulation.resourcePolicy].flatMap((each) => each?.errors ?? []);
  if (errors.length) return `error: invalid: ${JSON.stringify(errors)}`;
  try {
    return runUnsafeSimulation(simulation, {});
  } catch (error) {
    return `error: ${error.message}`;
  }
}

process.stdout.write(JSON.stringify(cases.map(judge)));
