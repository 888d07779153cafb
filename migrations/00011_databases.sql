-- The databases of a directory, the last one first: where each was reached, and up to where it was replicated from (rule R24), as
-- account_resource_mark says of the last one.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_database (
    resource_id BIGINT      NOT NULL,
    invocation  VARCHAR(64) NOT NULL,
    position    BIGINT      NOT NULL,
    server      VARCHAR(255) NOT NULL,
    usn         BIGINT      NOT NULL,
    revision    BIGINT      NOT NULL,
    full_run    BIGINT      NOT NULL,
    unsettled   SMALLINT    NOT NULL,
    tombstones  SMALLINT    NOT NULL,
    listed      BIGINT      NOT NULL,
    PRIMARY KEY (resource_id, invocation)
) {{.Table}};

-- Linked objects that a database has never shown, and since when and in how many complete listings they were missing there.
CREATE TABLE IF NOT EXISTS account_resource_unshown (
    resource_id BIGINT      NOT NULL,
    invocation  VARCHAR(64) NOT NULL,
    source_id   VARCHAR(64) NOT NULL,
    since       BIGINT      NOT NULL,
    listings    BIGINT      NOT NULL,
    PRIMARY KEY (resource_id, invocation, source_id)
) {{.Table}};

-- What a database said of an object's status or address that changed its account within the last day: another one that lags does not
-- take that back.
CREATE TABLE IF NOT EXISTS account_resource_said (
    resource_id BIGINT       NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    action      VARCHAR(16)  NOT NULL,
    invocation  VARCHAR(64)  NOT NULL,
    former      VARCHAR(255) NOT NULL,
    at          BIGINT       NOT NULL,
    PRIMARY KEY (resource_id, source_id, action)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_said;
DROP TABLE account_resource_unshown;
DROP TABLE account_resource_database;
