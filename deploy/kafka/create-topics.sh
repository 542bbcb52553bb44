#!/bin/sh
# Creates the topics of docs/contracts.md where they are missing; the daemon never creates one.
set -eu
bootstrap=${1:?usage: create-topics.sh HOST:PORT}
kafka_topics=/opt/kafka/bin/kafka-topics.sh

create() {
    topic=$1
    shift
    "$kafka_topics" --bootstrap-server "$bootstrap" --create --if-not-exists --topic "$topic" "$@"
}

create marginwatch.prices --partitions 2
create marginwatch.account-events --partitions 64
create marginwatch.risk-parameters --partitions 1 --config cleanup.policy=compact
create marginwatch.levels --partitions 16 --config cleanup.policy=compact
create marginwatch.alerts --partitions 1 --config cleanup.policy=compact
create marginwatch.dead-letters --partitions 1
