/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The kinds of resources and their names. */

/**
 * @typedef {object} Kind
 * @property {string} id for example mail_server
 * @property {string} one for example Mail server
 * @property {string} many for example Mail servers
 */

// The kind of resources that the page does not know.
const OTHER = { id: "other", many: "Other", one: "Other" };

/** The kinds in the order of a stack. Resources of an unknown kind are of the kind "other", which is last. */
export class ResourceKinds {
  /** @param {Kind[]} known */
  constructor(known) {
    this.list = [...known, OTHER];
    this.byId = new Map(this.list.map((kind) => [kind.id, kind]));
  }

  /** @param {string} id */
  has(id) {
    return this.byId.has(id);
  }

  /**
   * Return the ID of the kind of a resource.
   *
   * @param {string} resource
   */
  kindOf(resource) {
    return this.has(resource) ? resource : OTHER.id;
  }

  /**
   * Return the singular for a resource, also of an unknown kind.
   *
   * @param {string} resource
   */
  singular(resource) {
    return (
      this.byId.get(resource)?.one ?? resource.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase())
    );
  }

  /**
   * Return the plural of a kind.
   *
   * @param {string} id
   */
  plural(id) {
    return (this.byId.get(id) ?? OTHER).many;
  }
}
