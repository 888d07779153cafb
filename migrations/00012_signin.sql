-- What sign-in with the directory password keeps of a person (rule R27): what proves, while no server answers, which password the
-- directory took last. It is made with a key of the panel's, without which it says nothing of the password.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_verifier (
    resource_id BIGINT       NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    salt        VARCHAR(64)  NOT NULL,
    digest      VARCHAR(128) NOT NULL,
    stamp       VARCHAR(64)  NOT NULL,
    stale       SMALLINT     NOT NULL,
    since       BIGINT       NOT NULL,
    checked     BIGINT       NOT NULL,
    PRIMARY KEY (resource_id, source_id)
) {{.Table}};

-- How many wrong passwords of a person have reached the directory, and by which they are known again.
CREATE TABLE IF NOT EXISTS account_resource_attempt (
    resource_id BIGINT       NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    version     BIGINT       NOT NULL,
    used        BIGINT       NOT NULL,
    last        BIGINT       NOT NULL,
    marks       VARCHAR(600) NOT NULL,
    PRIMARY KEY (resource_id, source_id)
) {{.Table}};

-- What sign-ins of a resource's people came to, by verdict; the mail server's are counted apart from the panel's own.
CREATE TABLE IF NOT EXISTS account_resource_signin (
    resource_id BIGINT      NOT NULL,
    door        VARCHAR(16) NOT NULL,
    verdict     VARCHAR(16) NOT NULL,
    attempts    BIGINT      NOT NULL,
    last        BIGINT      NOT NULL,
    PRIMARY KEY (resource_id, door, verdict)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_signin;
DROP TABLE account_resource_attempt;
DROP TABLE account_resource_verifier;
