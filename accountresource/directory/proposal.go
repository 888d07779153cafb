package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// BaseDN is the root of the directory as the server names it, which it does without anybody signed in (RFC 4512,
// section 5.1); empty where it names none.
func BaseDN(ctx context.Context, c resource.Connection) (base string, err error) {
	err = firstThatAnswers(c, func(c resource.Connection) error {
		base, err = root(ctx, c)
		return err
	})
	return base, err
}

// root asks one server.
func root(ctx context.Context, c resource.Connection) (base string, err error) {
	opened, err := Open(resource.Settings{Connection: c})
	if err != nil {
		return "", err
	}
	r := opened.(*Reader)
	if r.conn, err = r.dial(ctx); err != nil {
		return "", stopped(ctx, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	entry, err := r.entry(ctx, "", "defaultNamingContext", "namingContexts")
	if err != nil {
		return "", fmt.Errorf("read what the server says of itself: %w", stopped(ctx, requestProblem(c, err)))
	}
	return clean(cmp.Or(first(entry, "defaultNamingContext"), first(entry, "namingContexts"))), nil
}
