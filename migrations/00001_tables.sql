-- Times are UTC Unix milliseconds, whatever the driver thinks of dates. Tables are made only where they are missing,
-- so that two processes that start at once do not disturb each other.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_resource (
    id            {{.Serial}},
    kind          VARCHAR(32)  NOT NULL,
    enabled       SMALLINT     NOT NULL,
    tested        SMALLINT     NOT NULL,
    revision      BIGINT       NOT NULL,
    settings      {{.Text}}    NOT NULL,
    bind_password {{.Text}}    NOT NULL,
    created       BIGINT       NOT NULL,
    changed       BIGINT       NOT NULL
) {{.Table}};

-- One link per source object and per account (rule R2).
CREATE TABLE IF NOT EXISTS account_resource_link (
    resource_id BIGINT       NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    address     VARCHAR(255) NOT NULL,
    domain      VARCHAR(255) NOT NULL,
    kind        VARCHAR(16)  NOT NULL,
    origin      VARCHAR(16)  NOT NULL,
    state       VARCHAR(16)  NOT NULL,
    dn          {{.Text}}    NOT NULL,
    home        {{.Text}}    NOT NULL,
    disabled    SMALLINT     NOT NULL,
    suspended   {{.Text}}    NOT NULL,
    intent      {{.Text}}    NOT NULL,
    kept        {{.Text}}    NOT NULL,
    changed     BIGINT       NOT NULL,
    PRIMARY KEY (resource_id, source_id),
    CONSTRAINT account_resource_link_address UNIQUE (address){{.LinkDomain}}
) {{.Claims}};
{{.LinkDomainIndex}}

CREATE TABLE IF NOT EXISTS account_resource_run (
    id           {{.Serial}},
    resource_id  BIGINT      NOT NULL,
    run_trigger  VARCHAR(16) NOT NULL,
    run_mode     VARCHAR(16) NOT NULL,
    started      BIGINT      NOT NULL,
    finished     BIGINT      NOT NULL,
    outcome      VARCHAR(16) NOT NULL,
    error        {{.Text}}   NOT NULL,
    count_created  BIGINT NOT NULL DEFAULT 0,
    count_linked   BIGINT NOT NULL DEFAULT 0,
    count_updated  BIGINT NOT NULL DEFAULT 0,
    count_renamed  BIGINT NOT NULL DEFAULT 0,
    count_disabled BIGINT NOT NULL DEFAULT 0,
    count_enabled  BIGINT NOT NULL DEFAULT 0,
    count_deleted  BIGINT NOT NULL DEFAULT 0,
    count_ignored  BIGINT NOT NULL DEFAULT 0,
    count_conflict BIGINT NOT NULL DEFAULT 0,
    count_held     BIGINT NOT NULL DEFAULT 0,
    count_failed   BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT account_resource_run_order UNIQUE (resource_id, id)
) {{.Table}};

CREATE TABLE IF NOT EXISTS account_resource_log (
    id          {{.Serial}},
    run_id      BIGINT       NOT NULL,
    at          BIGINT       NOT NULL,
    action      VARCHAR(16)  NOT NULL,
    kind        VARCHAR(16)  NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    dn          {{.Text}}    NOT NULL,
    address     VARCHAR(500) NOT NULL,
    diff        {{.Text}}    NOT NULL,
    reason      {{.Text}}    NOT NULL,
    detail      {{.Text}}    NOT NULL,
    CONSTRAINT account_resource_log_order UNIQUE (run_id, id),
    CONSTRAINT account_resource_log_action UNIQUE (run_id, action, id)
) {{.Table}};

-- The right to run a resource (rule R20). The fencing number stays when the lease is given back, and only rises.
CREATE TABLE IF NOT EXISTS account_resource_lease (
    resource_id BIGINT       NOT NULL PRIMARY KEY,
    owner       VARCHAR(255) NOT NULL,
    fence       BIGINT       NOT NULL,
    expires     BIGINT       NOT NULL
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_lease;
DROP TABLE account_resource_log;
DROP TABLE account_resource_run;
DROP TABLE account_resource_link;
DROP TABLE account_resource_resource;
