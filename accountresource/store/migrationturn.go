package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

const turnTable = "account_resource_turn"

// A process that changes the tables says every turnBeat that it is at work. Whoever waits takes its turn when it has
// said nothing for turnStale, measured by the waiting process: no two clocks are compared.
const (
	turnBeat  = 2 * time.Second
	turnStale = 20 * time.Second
	turnPoll  = 100 * time.Millisecond
)

// errTurnLost says that another process has taken the turn, since this one seemed to be dead.
var errTurnLost = errors.New("another process changes the tables")

// migrationTurn is the right to change the tables: one row, which carries a token of whoever has it. Unlike a lock of a
// server's session it holds on all nodes of a cluster, and behind a pool that shares out sessions.
type migrationTurn struct {
	*Store
	token string
	stale time.Duration
}

// turnRow is the row as it was read; beat rises while its holder is at work.
type turnRow struct {
	token string
	beat  int64
}

// take waits for the turn and takes it.
func (t *migrationTurn) take(ctx context.Context) error {
	t.token = rand.Text()
	if err := patiently(ctx, func() error { return t.ready(ctx) }); err != nil {
		return fmt.Errorf("make the table of turns: %w", err)
	}
	var seen turnRow
	since := time.Now()
	for {
		row, err := t.row(ctx)
		if err != nil {
			return err
		}
		if row != seen {
			seen, since = row, time.Now()
		}
		if row.token == "" || time.Since(since) >= t.stale {
			err := t.set(ctx, row, turnRow{t.token, row.beat + 1})
			if !errors.Is(err, errTurnLost) {
				return err
			}
		}
		if err := wait(ctx, turnPoll); err != nil {
			return fmt.Errorf("wait for another process that changes the tables: %w", err)
		}
	}
}

// ready makes the table and its row where they are missing. PostgreSQL has two processes that make a table at once collide, IF NOT
// EXISTS or not: that it is there is what counts.
func (t *migrationTurn) ready(ctx context.Context) error {
	count := func() (int64, error) { return number(ctx, t.db, t.sql.Select("COUNT(*)").From(turnTable)) }
	if n, err := count(); err == nil && n > 0 {
		return nil
	}
	if _, err := t.db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+turnTable+
		" (id BIGINT NOT NULL PRIMARY KEY, token VARCHAR(64) NOT NULL, beat BIGINT NOT NULL)"); err != nil {
		if _, missing := count(); missing != nil {
			return err
		}
	}
	_, err := exec(ctx, t.db, t.sql.Insert(turnTable).Options(t.ignore()...).Columns("id", "token", "beat").Values(1, "", 0).
		Suffix(t.dialect.IgnoreAfter))
	return err
}

func (t *migrationTurn) ignore() []string {
	if t.dialect.IgnoreBefore == "" {
		return nil
	}
	return []string{t.dialect.IgnoreBefore}
}

func (t *migrationTurn) row(ctx context.Context) (turnRow, error) {
	found, err := query(ctx, t.db, t.sql.Select("token", "beat").From(turnTable).Where(squirrel.Eq{"id": 1}),
		func(scan func(...any) error) (r turnRow, err error) { return r, scan(&r.token, &r.beat) })
	if err != nil || len(found) == 0 {
		return turnRow{}, wrapped(err, "look whose turn it is to change the tables")
	}
	return found[0], nil
}

// set puts one row in place of another, and looks afterwards what stands there: the answer alone may be wrong, where a
// cluster undoes what a node has done.
func (t *migrationTurn) set(ctx context.Context, from, to turnRow) error {
	if _, err := exec(ctx, t.db, t.sql.Update(turnTable).Set("token", to.token).Set("beat", to.beat).
		Where(squirrel.Eq{"id": 1, "token": from.token, "beat": from.beat})); err != nil {
		return fmt.Errorf("take the turn to change the tables: %w", err)
	}
	switch row, err := t.row(ctx); {
	case err != nil:
		return err
	case row.token != to.token:
		return errTurnLost
	}
	return nil
}

// renew says that this process is at work, or returns errTurnLost.
func (t *migrationTurn) renew(ctx context.Context) error {
	row, err := t.row(ctx)
	if err != nil {
		return err
	}
	return t.set(ctx, turnRow{t.token, row.beat}, turnRow{t.token, row.beat + 1})
}

// keepAlive renews beside a migration that takes long, until stop is called. A pool of a single connection has none
// for it; between two migrations the turn is renewed anyway.
func (t *migrationTurn) keepAlive(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(turnBeat)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// Whoever lost the turn notices before the next migration.
			_ = recovered.Do(func() error { return t.renew(ctx) })
		}
	}()
	return func() { cancel(); <-done }
}

// giveBack lets the next process have its turn, even where ctx is over.
func (t *migrationTurn) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnStale)
	defer cancel()
	_, err := exec(ctx, t.db, t.sql.Update(turnTable).Set("token", "").Where(squirrel.Eq{"id": 1, "token": t.token}))
	return wrapped(err, "let other processes change the tables")
}
