package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

const attemptTable = "account_resource_attempt"

// Attempts keeps what wrong passwords of people have used up in the directory (rule R27), a row for each person who had one.
type Attempts struct{ *Store }

var _ signin.Attempts = (*Attempts)(nil)

// anyResource stands for all resources: a person whom two of them follow has one count in the directory.
const anyResource = 0

// Load returns a person's row, zero where there is none.
func (s *Attempts) Load(ctx context.Context, who signin.Key) (signin.Tries, error) {
	who.Resource = anyResource
	rows, err := query(ctx, s.db, s.sql.Select("version", "used", "last", "marks").From(attemptTable).Where(personKey(who)), scanTries)
	if err != nil {
		return signin.Tries{}, fmt.Errorf("read the wrong passwords of a person: %w", err)
	}
	if len(rows) == 0 {
		return signin.Tries{}, nil
	}
	return rows[0], nil
}

func scanTries(scan func(...any) error) (t signin.Tries, err error) {
	var last int64
	var marks string
	if err := scan(&t.Version, &t.Used, &last, &marks); err != nil {
		return t, err
	}
	t.Last = fromMillis(last)
	for one := range strings.FieldsSeq(marks) {
		mark, err := hex.DecodeString(one)
		if err != nil {
			return t, fmt.Errorf("read the mark of a password: %w", err)
		}
		t.Marks = append(t.Marks, mark)
	}
	return t, nil
}

// Swap writes a person's row if it still has the version that was read; 0 means that there was none.
func (s *Attempts) Swap(ctx context.Context, who signin.Key, loaded int64, next signin.Tries) (bool, error) {
	who.Resource = anyResource
	marks := make([]string, len(next.Marks))
	for i, mark := range next.Marks {
		marks[i] = hex.EncodeToString(mark)
	}
	swap := func() (int64, error) {
		return exec(ctx, s.db, s.sql.Update(attemptTable).Set("version", next.Version).Set("used", next.Used).
			Set("last", millis(next.Last)).Set("marks", strings.Join(marks, " ")).
			Where(personKey(who)).Where(squirrel.Eq{"version": loaded}))
	}
	met, err := swap()
	if err == nil && met == 0 && loaded == 0 { // there may be no row yet
		if err = s.forgetOld(ctx); err != nil {
			return false, err
		}
		if err = s.ensure(ctx, attemptTable, linkKey, []string{"resource_id", "source_id", "version", "used", "last", "marks"},
			who.Resource, string(who.Source), 0, 0, 0, ""); err == nil {
			met, err = swap()
		}
	}
	if err != nil {
		return false, fmt.Errorf("count a wrong password of a person: %w", err)
	}
	return met > 0, nil
}

// longestKept is for how long a row is kept that nobody adds to. No window of a directory is longer.
const longestKept = 366 * 24 * time.Hour

// forgetOld deletes the rows of people who have had no wrong password for long, so that those of people who left do not stay for ever.
func (s *Attempts) forgetOld(ctx context.Context) error {
	_, err := exec(ctx, s.db, s.sql.Delete(attemptTable).Where(squirrel.Gt{"last": 0}).
		Where(squirrel.Lt{"last": millis(s.clock().Add(-longestKept))}))
	return wrapped(err, "delete old counts of wrong passwords")
}
