package directory

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// Probe connects, binds and checks what the settings name. The server's counter is read before anything else, so
// that it is a safe watermark for what is read afterwards.
func (r *Reader) Probe(ctx context.Context) (run.Probe, error) {
	var p run.Probe
	if err := CheckSyntax(r.settings).AsError(); err != nil {
		return p, err
	}
	if err := r.connect(ctx); err != nil {
		return p, err
	}
	root, err := r.base(ctx, "", "defaultNamingContext", "dnsHostName", "highestCommittedUSN", "dsServiceName",
		"subschemaSubentry")
	if err != nil {
		return p, fmt.Errorf("read what the server says of itself: %w", err)
	}
	p.BaseDN, p.Server = root.GetAttributeValue("defaultNamingContext"), root.GetAttributeValue("dnsHostName")
	p.HighestUSN, _ = strconv.ParseInt(root.GetAttributeValue("highestCommittedUSN"), 10, 64) // 0: it has none
	p.Invocation = r.invocation(ctx, root.GetAttributeValue("dsServiceName"))
	if _, err := r.base(ctx, r.settings.Connection.BaseDN, "objectClass"); err != nil {
		return p, r.baseProblem(p, err)
	}
	return p, r.checkAttributes(ctx, root.GetAttributeValue("subschemaSubentry"))
}

// invocation identifies the database of the server that answers; empty where it may not be read.
func (r *Reader) invocation(ctx context.Context, service string) string {
	if service == "" {
		return ""
	}
	entry, err := r.base(ctx, service, "invocationId")
	if err != nil {
		return ""
	}
	id, _ := formatGUID(entry.GetRawAttributeValue("invocationId"))
	return string(id)
}

// baseProblem names the server's own proposal beside a base DN that does not exist.
func (r *Reader) baseProblem(p run.Probe, err error) error {
	problems := resource.ProblemsOf(err)
	if problems[0].Message.Key != "problem_base_missing" || p.BaseDN == "" {
		return fmt.Errorf("look at the base DN: %w", err)
	}
	return resource.NewProblem("base_dn", "base_missing_proposal", err,
		"BaseDN", r.settings.Connection.BaseDN, "Proposal", p.BaseDN)
}

// checkAttributes refuses mapped attributes that the server's schema does not know: read as absent, they would clear
// everybody's value. A schema that this account may not read is passed over.
func (r *Reader) checkAttributes(ctx context.Context, subschema string) error {
	if subschema == "" {
		return nil
	}
	entry, err := r.base(ctx, subschema, "attributeTypes")
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return nil
	}
	known := make(map[string]bool)
	for _, definition := range entry.GetAttributeValues("attributeTypes") {
		for _, name := range attributeNames(definition) {
			known[strings.ToLower(name)] = true
		}
	}
	if len(known) == 0 {
		return nil
	}
	var problems resource.Problems
	for _, a := range r.mapped() {
		if a.name != "" && !known[strings.ToLower(a.name)] {
			problems = append(problems, resource.NewProblem(a.field, "attribute_unknown", nil, "Attribute", a.name))
		}
	}
	return problems.AsError()
}

type mappedAttribute struct{ field, name string }

// mapped are the attributes that the settings name, with their form fields.
func (r *Reader) mapped() []mappedAttribute {
	u, g := &r.settings.Users, &r.settings.Groups
	all := []mappedAttribute{
		{"user_mail", u.Mail}, {"user_status", u.Status}, {"group_mail", g.Mail}, {"group_name", g.Name},
	}
	for _, f := range account.AllFields() {
		all = append(all, mappedAttribute{"user_" + f.String(), u.Attribute(f)})
	}
	return all
}

// attributeNames reads the OID and the names of an attribute type description (RFC 4512, section 4.1.2):
// ( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name ... )
func attributeNames(definition string) []string {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(definition))
	if len(words) < 2 || words[0] != "(" {
		return nil
	}
	names := []string{words[1]}
	for i := 2; i+1 < len(words); i++ {
		if words[i] != "NAME" {
			continue
		}
		for _, word := range words[i+1:] {
			quoted := len(word) > 2 && word[0] == '\'' && word[len(word)-1] == '\''
			if quoted {
				names = append(names, strings.Trim(word, "'"))
			}
			if word != "(" && !quoted || words[i+1] != "(" {
				break
			}
		}
		break
	}
	return names
}
