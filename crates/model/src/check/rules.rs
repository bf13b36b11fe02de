//! The list of rules, in the order of their documentation. One file a rule.

pub mod alert_incomplete;
pub mod bottleneck_without_mitigation;
pub mod boundary_without_elements;
pub mod branch_without_steps;
pub mod cache_without_eviction;
pub mod cache_without_ttl;
pub mod call_without_retry;
pub mod call_without_timeout;
pub mod claim_stale;
pub mod class_without_level;
pub mod concern_without_elements;
pub mod concern_without_statement;
pub mod confidential_data_over_boundary;
pub mod confidential_data_unprotected;
pub mod confidential_store_unprotected;
pub mod conflict;
pub mod container_without_system;
pub mod containment_cycle;
pub mod database_without_schema_management;
pub mod date_in_future;
pub mod decision_dates_out_of_order;
pub mod decision_incomplete;
pub mod decision_link_broken;
pub mod decision_number_twice;
pub mod decision_on_removed_element;
pub mod decision_pending_long;
pub mod decision_without_date;
pub mod decision_without_element;
pub mod decisions_contradict;
pub mod decisions_missing;
pub mod dependency_cycle;
pub mod documentation_missing;
pub mod duplicate_name;
pub mod element_in_no_view;
pub mod element_not_deployed;
pub mod element_without_description;
pub mod element_without_owner;
pub mod element_without_relationship;
pub mod element_without_technology;
pub mod environment_empty;
pub mod environment_lacks_instance;
pub mod evidence_incomplete;
pub mod field_of_another_kind;
pub mod flow_without_steps;
pub mod heading_twice;
pub mod link_to_no_heading;
pub mod mention_of_deleted;
pub mod mention_of_unknown;
pub mod model_empty;
pub mod name_not_in_model;
pub mod nesting_of_kinds;
pub mod node_without_description;
pub mod node_without_instances;
pub mod node_without_technology;
pub mod old_name_in_prose;
pub mod part_missing;
pub mod person_without_relationship;
pub mod placeholder_left;
pub mod project_cycle;
pub mod project_depth;
pub mod project_layer;
pub mod project_relationship;
pub mod project_required_field;
pub mod project_technology;
pub mod public_store;
pub mod public_without_authentication;
pub mod redundant_with_one_instance;
pub mod reference_broken;
pub mod relationship_twice;
pub mod relationship_with_its_own_part;
pub mod relationship_with_itself;
pub mod relationship_without_description;
pub mod relationship_without_technology;
pub mod required_field_missing;
pub mod risk_without_mitigation;
pub mod scenario_without_measure;
pub mod section_empty;
pub mod section_missing;
pub mod section_only_guidance;
pub mod service_without_alert;
pub mod service_without_owner;
pub mod several_systems_detailed;
pub mod single_point_without_fallback;
pub mod step_against_relationship;
pub mod step_without_ends;
pub mod step_without_relationship;
pub mod store_without_backup;
pub mod store_without_retention;
pub mod successor_not_accepted;
pub mod successor_older;
pub mod superseded_without_successor;
pub mod supersedes_in_a_circle;
pub mod suppression_unused;
pub mod system_without_containers;
pub mod term_twice;
pub mod term_without_definition;
pub mod url_incomplete;
pub mod uses_removed_element;
pub mod view_empty;
pub mod view_without_scope;
pub mod views_missing;

use super::Rule;

static RULES: &[&Rule] = &[
    &placeholder_left::RULE,
    &section_empty::RULE,
    &section_only_guidance::RULE,
    &section_missing::RULE,
    &part_missing::RULE,
    &heading_twice::RULE,
    &documentation_missing::RULE,
    &mention_of_deleted::RULE,
    &mention_of_unknown::RULE,
    &reference_broken::RULE,
    &old_name_in_prose::RULE,
    &name_not_in_model::RULE,
    &link_to_no_heading::RULE,
    &model_empty::RULE,
    &required_field_missing::RULE,
    &conflict::RULE,
    &element_without_description::RULE,
    &element_without_technology::RULE,
    &element_without_owner::RULE,
    &element_without_relationship::RULE,
    &person_without_relationship::RULE,
    &element_in_no_view::RULE,
    &views_missing::RULE,
    &view_empty::RULE,
    &view_without_scope::RULE,
    &duplicate_name::RULE,
    &containment_cycle::RULE,
    &dependency_cycle::RULE,
    &relationship_without_description::RULE,
    &relationship_without_technology::RULE,
    &relationship_twice::RULE,
    &relationship_with_itself::RULE,
    &relationship_with_its_own_part::RULE,
    &uses_removed_element::RULE,
    &field_of_another_kind::RULE,
    &system_without_containers::RULE,
    &container_without_system::RULE,
    &nesting_of_kinds::RULE,
    &several_systems_detailed::RULE,
    &url_incomplete::RULE,
    &term_without_definition::RULE,
    &term_twice::RULE,
    &scenario_without_measure::RULE,
    &flow_without_steps::RULE,
    &step_without_relationship::RULE,
    &step_against_relationship::RULE,
    &step_without_ends::RULE,
    &branch_without_steps::RULE,
    &decisions_missing::RULE,
    &decision_number_twice::RULE,
    &decision_incomplete::RULE,
    &decision_without_element::RULE,
    &decision_without_date::RULE,
    &decision_pending_long::RULE,
    &superseded_without_successor::RULE,
    &decisions_contradict::RULE,
    &supersedes_in_a_circle::RULE,
    &successor_not_accepted::RULE,
    &successor_older::RULE,
    &decision_dates_out_of_order::RULE,
    &decision_link_broken::RULE,
    &decision_on_removed_element::RULE,
    &call_without_timeout::RULE,
    &call_without_retry::RULE,
    &single_point_without_fallback::RULE,
    &redundant_with_one_instance::RULE,
    &bottleneck_without_mitigation::RULE,
    &risk_without_mitigation::RULE,
    &public_without_authentication::RULE,
    &confidential_data_unprotected::RULE,
    &confidential_data_over_boundary::RULE,
    &confidential_store_unprotected::RULE,
    &public_store::RULE,
    &class_without_level::RULE,
    &boundary_without_elements::RULE,
    &store_without_backup::RULE,
    &database_without_schema_management::RULE,
    &cache_without_ttl::RULE,
    &cache_without_eviction::RULE,
    &store_without_retention::RULE,
    &service_without_alert::RULE,
    &service_without_owner::RULE,
    &alert_incomplete::RULE,
    &concern_without_elements::RULE,
    &concern_without_statement::RULE,
    &environment_empty::RULE,
    &environment_lacks_instance::RULE,
    &element_not_deployed::RULE,
    &node_without_instances::RULE,
    &node_without_technology::RULE,
    &node_without_description::RULE,
    &claim_stale::RULE,
    &evidence_incomplete::RULE,
    &date_in_future::RULE,
    &project_required_field::RULE,
    &project_technology::RULE,
    &project_relationship::RULE,
    &project_layer::RULE,
    &project_depth::RULE,
    &project_cycle::RULE,
    &suppression_unused::RULE,
];

/// Every rule.
pub fn rules() -> &'static [&'static Rule] {
    RULES
}
