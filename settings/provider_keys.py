"""Keys of the providers' configuration, so that a misspelt aws:allowedAccountIds is not a lost guard.

A test holds them against the installed SDKs, which take seconds to import and so are not asked here.
"""

PROVIDER_KEYS: dict[str, frozenset[str]] = {
    "aws": frozenset(
        {
            "accessKey",
            "allowedAccountIds",
            "assumeRoleWithWebIdentity",
            "assumeRoles",
            "customCaBundle",
            "defaultTags",
            "ec2MetadataServiceEndpoint",
            "ec2MetadataServiceEndpointMode",
            "endpoints",
            "forbiddenAccountIds",
            "httpProxy",
            "httpsProxy",
            "ignoreTags",
            "insecure",
            "maxRetries",
            "noProxy",
            "profile",
            "region",
            "retryMode",
            "s3UsEast1RegionalEndpoint",
            "s3UsePathStyle",
            "secretKey",
            "sharedConfigFiles",
            "sharedCredentialsFiles",
            "skipCredentialsValidation",
            "skipMetadataApiCheck",
            "skipRegionValidation",
            "skipRequestingAccountId",
            "stsRegion",
            "tagPolicyCompliance",
            "token",
            "tokenBucketRateLimiterCapacity",
            "useDualstackEndpoint",
            "useFipsEndpoint",
            "userAgents",
        }
    ),
    "github": frozenset(
        {
            "appAuth",
            "baseUrl",
            "cachePath",
            "insecure",
            "legacyClient",
            "maxPerPage",
            "maxRetries",
            "organization",
            "owner",
            "parallelRequests",
            "readDelayMs",
            "retryDelayMs",
            "retryableErrors",
            "token",
            "writeDelayMs",
        }
    ),
}

# A default provider's configuration is written into the state, so these may only come from the environment.
CREDENTIAL_KEYS = frozenset({"aws:accessKey", "aws:secretKey", "aws:token", "github:appAuth", "github:token"})
