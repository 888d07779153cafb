package directory

import (
	"context"
	"fmt"
	"sync"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// Schemas keeps what servers said of their schemas, so that a reader asks again only when one changed. It is safe for
// concurrent use.
type Schemas struct {
	mu   sync.Mutex
	kept map[schemaKey]keptSchema
}

// schemaKey is whose view of which server's schema: accounts may see different parts.
type schemaKey struct{ host, account, subschema string }

type keptSchema struct {
	changed string // modifyTimeStamp as the server writes it
	names   schema
}

// maxSchemas bounds how many are kept.
const maxSchemas = 64

// NewSchemas makes an empty store.
func NewSchemas() *Schemas { return &Schemas{kept: make(map[schemaKey]keptSchema)} }

func (s *Schemas) find(key schemaKey, changed string) schema {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.kept[key]; one.changed == changed {
		return one.names
	}
	return nil
}

func (s *Schemas) keep(key schemaKey, changed string, names schema) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.kept {
		if len(s.kept) < maxSchemas {
			break
		}
		delete(s.kept, other)
	}
	s.kept[key] = keptSchema{changed, names}
}

// schema returns what the subschema entry tells; empty where this account may not read it. A server says by the entry's
// modifyTimestamp whether that changed since (RFC 4512, section 4.2); one that does not is asked every time.
func (r *Reader) schema(ctx context.Context, subschema string) (schema, error) {
	kept := r.options.Schemas
	if kept == nil || subschema == "" {
		return r.readSchema(ctx, subschema)
	}
	c := r.settings.Connection
	const timestamp = "modifyTimeStamp"
	entry, err := r.entry(ctx, subschema, timestamp)
	if err != nil && !hidden(err) {
		return nil, fmt.Errorf("ask when it changed: %w", stopped(ctx, requestProblem(c, err)))
	}
	changed := ""
	if err == nil {
		changed = first(entry, timestamp)
	}
	if changed == "" {
		return r.readSchema(ctx, subschema)
	}
	key := schemaKey{endpoint(c), c.BindDN, subschema}
	if names := kept.find(key, changed); names != nil {
		return names, nil
	}
	names, err := r.readSchema(ctx, subschema)
	if err == nil && len(names) > 0 {
		kept.keep(key, changed, names)
	}
	return names, err
}

// endpoint is the server and port that is asked.
func endpoint(c resource.Connection) string { return fmt.Sprintf("%s:%d", hostOf(c), c.Port) }
