//! What [`Messages`](crate::ports::Messages) promises.

mod accept;
mod filters;
mod pages;
mod waiting;

pub use self::{accept::*, filters::*, pages::*, waiting::*};
use super::{World, samples::*};
use crate::model::{Device, Message, MessageFilter, Page, PageRequest};

/// Makes a test of each sentence here, for the world that `$start` starts.
#[macro_export]
macro_rules! messages_contract {
    ($start:path) => {
        $crate::contract_tests!(
            messages,
            $start,
            [
                an_accepted_message_is_found_as_it_was_given,
                a_repeated_idempotency_key_finds_the_first_message_as_it_is_now,
                an_accepted_message_is_found_by_its_idempotency_key_as_it_is_now,
                idempotency_keys_are_each_devices_own,
                of_racing_calls_with_one_idempotency_key_exactly_one_is_new,
                without_an_idempotency_key_every_message_is_new,
                accepting_a_message_again_stores_it_once,
                of_several_messages_with_one_id_the_newest_is_found,
                messages_are_listed_newest_first_by_device_and_by_id,
                messages_are_paged_by_number,
                a_cursor_reaches_every_message_once_while_more_arrive,
                messages_of_one_moment_are_all_reached,
                messages_that_came_in_one_moment_are_listed_as_they_came,
                a_cursor_of_another_list_does_no_harm,
                every_filter_finds_exactly_what_meets_it,
                a_page_that_is_asked_for_by_number_and_filter_goes_on_where_the_one_before_ended,
                pending_messages_are_found_oldest_first,
                pending_messages_wait_for_their_time,
                messages_awaiting_their_file_are_found_oldest_first,
                messages_and_idempotency_keys_survive_a_crash,
            ]
        );
    };
}

async fn with_device(world: &World, name: &str) -> Device {
    let device = device(name);
    assert!(world.devices.create(&device).await.unwrap());
    device
}

fn nobody() -> Device {
    device("nobody")
}

fn of(device: &Device) -> MessageFilter {
    MessageFilter { device: Some(device.id.clone()), ..MessageFilter::default() }
}

async fn list(world: &World, filter: &MessageFilter, page: &PageRequest) -> Page<Message> {
    world.messages.list(filter, page).await.unwrap()
}
