package directory

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Probe connects, binds and checks what the settings name. The server's counter is read before anything else, so
// that it is a safe watermark for what is read afterwards.
func (r *Reader) Probe(ctx context.Context) (run.Probe, error) {
	var p run.Probe
	if err := CheckSyntax(r.checked()).AsError(); err != nil {
		return p, err
	}
	if _, err := r.connect(ctx); err != nil {
		return p, err
	}
	root, err := r.entry(ctx, "", "defaultNamingContext", "dnsHostName", "highestCommittedUSN", "dsServiceName",
		"subschemaSubentry", "schemaNamingContext", "vendorName")
	if err != nil {
		return p, fmt.Errorf("read what the server says of itself: %w", stopped(ctx, requestProblem(r.settings.Connection, err)))
	}
	r.naming = clean(first(root, "defaultNamingContext"))
	p.BaseDN, p.Server = r.masker.proposal(r.naming), r.masker.text(first(root, "dnsHostName"))
	p.Reached = reached(r.settings.Connection.Host, r.conn.raw)
	p.HighestUSN, _ = strconv.ParseInt(first(root, "highestCommittedUSN"), 10, 64) // 0: it has none
	if err := r.openCatalogue(ctx, root); err != nil {
		return p, err
	}
	if p.Invocation, err = r.invocation(ctx, first(root, "dsServiceName")); err != nil {
		return p, fmt.Errorf("ask which database this is: %w", err)
	}
	if _, err := r.entry(ctx, r.settings.Connection.BaseDN, "objectClass"); err != nil {
		err = stopped(ctx, baseProblem(r.settings.Connection, p.BaseDN, err))
		return p, fmt.Errorf("look at the base DN: %w", err)
	}
	if r.tombstones, err = r.seesTombstones(ctx); err != nil {
		return p, err
	}
	p.Tombstones, p.Follows = r.tombstones, p.HighestUSN > 0 && p.Invocation != "" && r.catalogue == nil && r.follows()
	return p, r.checkAttributes(ctx, root)
}

// invocation identifies the database of the server that answers; empty where that may not be read. A catalogue does not show its
// database, but its server.
func (r *Reader) invocation(ctx context.Context, service string) (string, error) {
	if service == "" {
		return "", nil
	}
	entry, err := r.entry(ctx, service, "invocationId", "objectGUID")
	if hidden(err) {
		return "", nil
	}
	if err != nil {
		return "", stopped(ctx, requestProblem(r.settings.Connection, err))
	}
	id, err := formatGUID(raw(entry, "invocationId"))
	if server, errServer := formatGUID(raw(entry, "objectGUID")); err != nil && errServer == nil && r.catalogue != nil {
		return "catalogue-" + string(server), nil
	}
	return string(id), nil // empty where there is none
}

// checked are the settings as far as they are in use: what is wrong with groups is no obstacle while there are none.
func (r *Reader) checked() resource.Settings {
	s := r.settings
	if !s.Replication.Groups {
		s.Groups = resource.Groups{}
	}
	return s
}

type mappedAttribute struct{ field, name string }

// mapped are the attributes that the settings name, with their form fields.
func mapped(s resource.Settings) []mappedAttribute {
	all := []mappedAttribute{{"user_mail", s.Users.Mail}, {"user_status", s.Users.Status}}
	for _, f := range account.AllFields() {
		all = append(all, mappedAttribute{"user_" + f.String(), s.Users.Attribute(f)})
	}
	all = append(all, mappedAttribute{"group_mail", s.Groups.Mail}, mappedAttribute{"group_name", s.Groups.Name})
	named := all[:0]
	for _, a := range all {
		if a.name != "" {
			named = append(named, a)
		}
	}
	return named
}

// checkAttributes refuses mapped attributes that the server does not know or does not have: read as absent, they
// would clear everybody's value. A schema that this account may not read is passed over.
func (r *Reader) checkAttributes(ctx context.Context, root *ldap.Entry) error {
	names, err := r.schema(ctx, first(root, "subschemaSubentry"))
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	if len(names) == 0 {
		r.options.Logger.WarnContext(ctx, "the directory does not show its schema; attribute names are not checked")
		return r.checkCatalogue(ctx)
	}
	r.names = names
	var problems resource.Problems
	for _, a := range mapped(r.checked()) {
		if !names.knows(a.name) {
			problems = append(problems, resource.NewProblem(a.field, "attribute_unknown", nil, "Attribute", a.name))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return r.checkCatalogue(ctx)
}
