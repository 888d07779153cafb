package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/Masterminds/squirrel"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/dialect"
	"github.com/mailpanel/account-resource/accountresource/signin"
)

const verifierTable = "account_resource_verifier"

var verifierColumns = []string{"salt", "digest", "stamp", "stale", "since", "checked"}

// Verifiers keeps what bridges an outage of the directory (rule R27), a row for each person.
type Verifiers struct{ *Store }

var _ signin.Verifiers = (*Verifiers)(nil)

// personKey is the condition that a row is a person's.
func personKey(who signin.Key) squirrel.Eq {
	return squirrel.Eq{"resource_id": who.Resource, "source_id": string(who.Source)}
}

// Load returns a person's verifier; found is false where there is none.
func (s *Verifiers) Load(ctx context.Context, who signin.Key) (v signin.Verifier, found bool, err error) {
	rows, err := query(ctx, s.db, s.sql.Select(verifierColumns...).From(verifierTable).Where(personKey(who)), scanVerifier)
	if err != nil {
		return v, false, fmt.Errorf("read a verifier of resource %d: %w", who.Resource, err)
	}
	if len(rows) == 0 {
		return v, false, nil
	}
	return rows[0], true, nil
}

func scanVerifier(scan func(...any) error) (v signin.Verifier, err error) {
	var salt, digest string
	var since, checked int64
	if err := scan(&salt, &digest, &v.Stamp, &v.Stale, &since, &checked); err != nil {
		return v, err
	}
	v.Since, v.Checked = fromMillis(since), fromMillis(checked)
	v.Salt, err = base64.StdEncoding.DecodeString(salt)
	if err != nil {
		return v, fmt.Errorf("read a salt: %w", err)
	}
	v.Digest, err = base64.StdEncoding.DecodeString(digest)
	if err != nil {
		return v, fmt.Errorf("read a digest: %w", err)
	}
	return v, nil
}

// Save writes a person's verifier over the one before. One whose person is no longer linked, or was switched off or removed meanwhile,
// is not written.
func (s *Verifiers) Save(ctx context.Context, who signin.Key, v signin.Verifier) error {
	err := s.transaction(ctx, func(tx *dialect.Tx) error {
		linked, err := query(ctx, tx, s.sql.Select("address").From(linkTable).Where(personKey(who)).
			Where(squirrel.Eq{"disabled": 0, "released": flag(false), "parted": flag(false), "kind": string(account.Mailbox)}).
			Suffix(s.dialect.KeepRow), scanOne[string]) // a batch that switches it off waits, and deletes what is written here
		if err != nil || len(linked) == 0 {
			return err
		}
		_, err = exec(ctx, tx, dialect.Rows{
			Dialect: s.dialect, Table: verifierTable, Columns: append(slices.Clone(linkKey), verifierColumns...),
			Values: [][]any{{
				who.Resource, string(who.Source), base64.StdEncoding.EncodeToString(v.Salt), base64.StdEncoding.EncodeToString(v.Digest),
				shortened(v.Stamp, 64), flag(v.Stale), millis(v.Since), millis(v.Checked),
			}},
			Suffix: s.dialect.Upsert(linkKey, verifierColumns),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("write a verifier of resource %d: %w", who.Resource, err)
	}
	return nil
}

// Delete deletes a person's verifier, where there is one.
func (s *Verifiers) Delete(ctx context.Context, who signin.Key) error {
	if _, err := exec(ctx, s.db, s.sql.Delete(verifierTable).Where(personKey(who))); err != nil {
		return fmt.Errorf("delete a verifier of resource %d: %w", who.Resource, err)
	}
	return nil
}

// endVerifiers deletes the verifiers of those whose accounts a batch switches off or gives up, in the batch's transaction.
func (s *Store) endVerifiers(ctx context.Context, tx *dialect.Tx, resource int64, links []account.Link, unlinked []account.SourceID) error {
	ended := make([]string, 0, len(unlinked))
	for _, id := range unlinked {
		ended = append(ended, string(id))
	}
	for i := range links {
		if l := &links[i]; l.Kind == account.Mailbox && (l.Off != "" || l.Released || l.Parted) {
			ended = append(ended, string(l.Source))
		}
	}
	for chunk := range slices.Chunk(ended, s.dialect.Together) {
		if _, err := exec(ctx, tx, s.sql.Delete(verifierTable).
			Where(squirrel.Eq{"resource_id": resource}).Where(s.in("source_id", chunk))); err != nil {
			return fmt.Errorf("delete the verifiers of %d people: %w", len(chunk), err)
		}
	}
	return nil
}
