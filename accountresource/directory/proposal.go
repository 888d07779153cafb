package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// maxProposal is the length of the longest DN that is proposed, in bytes.
const maxProposal = 500

// BaseDN is the root of the directory as the server names it, which it does without anybody signed in (RFC 4512,
// section 5.1); empty where it names none.
// Of several servers the first one that answers is asked.
func (o Options) BaseDN(ctx context.Context, c resource.Connection) (base string, err error) {
	_, err = o.firstThatIsWell(ctx, c, func(o Options, c resource.Connection) error {
		base, err = o.root(ctx, c)
		return err
	})
	return base, err
}

// root asks one server.
func (o Options) root(ctx context.Context, c resource.Connection) (base string, err error) {
	opened, err := o.Open(resource.Settings{Connection: c})
	if err != nil {
		return "", err
	}
	r := opened.(*Reader)
	if r.conn, err = r.dial(ctx, c); err != nil {
		return "", stopped(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	entry, err := r.entry(ctx, "", "defaultNamingContext", "namingContexts")
	if err != nil {
		return "", fmt.Errorf("read what the server says of itself: %w", stopped(ctx, requestProblem(c, err)))
	}
	return r.masker.proposal(cmp.Or(first(entry, "defaultNamingContext"), first(entry, "namingContexts"))), nil
}

// proposal returns a DN that a server proposes, or nothing where a person could not use it as it is: one that holds the
// password, has control characters, or is far too long.
func (m *masker) proposal(dn string) string {
	if len(dn) > maxProposal || m.whole(dn) != dn {
		return ""
	}
	return dn
}
