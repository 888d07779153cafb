-- How many changes of each kind that is limited (rules R15, R23) a run made without an admin's confirmation: they count for an hour.
-- What waits for an admin says what would change.
--
-- MariaDB commits each statement by itself: what it reads in /*M! */ lets a migration that was cut off be made again.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_unconfirmed (
    resource_id BIGINT      NOT NULL,
    run_id      BIGINT      NOT NULL,
    kind        VARCHAR(16) NOT NULL,
    changes     BIGINT      NOT NULL,
    made        BIGINT      NOT NULL,
    PRIMARY KEY (resource_id, run_id, kind)
) {{.Table}};
ALTER TABLE account_resource_removal ADD COLUMN /*M! IF NOT EXISTS */ diff {{.Text}};

-- +goose Down
ALTER TABLE account_resource_removal DROP COLUMN diff;
DROP TABLE account_resource_unconfirmed;
