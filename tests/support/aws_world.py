#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""A world in which the launchers for AWS can be tested without AWS.

    aws_world.py FOLDER

The control plane is simulated by moto (ECS, EC2, Batch, Secrets Manager, SSM, CloudWatch Logs, CloudFormation, S3), behind one
address on 127.0.0.1. What moto leaves out is added here: a task of ECS or a job of Batch really runs, as a process of this
machine that sees only the environment that was declared for it. Its state follows the process; it is stopped by SIGTERM, and by
SIGKILL three seconds later; its output goes to CloudWatch Logs, if it says so. The "image" of a container is the path of a
program, which is its entry point; or, if it begins with "localhost/", an image of podman: then the container is a real one, with a
network of its own. An EC2 instance whose user data name a cluster joins it after half a second.

What is not simulated: networks, roles and their permissions, images, the time that real machines take.

Files in FOLDER (written under another name and renamed):
    world.json   when all is ready: the endpoint, and what a user would have made before: subnet, security group, a queue
    state.json   what there is at the moment and would cost money or be left over
    calls        a line for each call: "ecs RunTask"; of each look or read in S3, how many there were at the time:
                 "s3 at once 2"
    faults.json  written by the tests: [{"call": "ecs RunTask", "status": 400, "code": "...", "message": "...", "times": 2}];
                 instead of a code, "answer" may hold a whole answer; with "lost": true the call is carried out, but not answered;
                 with "delay": 1 it is carried out a second later, whether or not the caller is still there; "*" is any call
The world ends with the process that started it, with SIGTERM, and takes its processes along.
"""
import base64
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from datetime import datetime

import boto3
from moto.batch import batch_backends
from moto.batch.models import Job, JobStatus
from moto.ec2 import ec2_backends
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, Task, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.logs import logs_backends
from moto.moto_api import state_manager
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.secretsmanager import secretsmanager_backends
from moto.ssm import ssm_backends
from werkzeug.serving import make_server

FOLDER = sys.argv[1]
ACCOUNT, REGION = "123456789012", "eu-central-1"
STOP_TIMEOUT = 3  # seconds from SIGTERM to SIGKILL
TICK = 0.05

ecs = ecs_backends[ACCOUNT][REGION]
ec2 = ec2_backends[ACCOUNT][REGION]
batch = batch_backends[ACCOUNT][REGION]
logs = logs_backends[ACCOUNT][REGION]


def write(name, content):
    path = os.path.join(FOLDER, name)
    with open(path + ".new", "w") as file:
        json.dump(content, file, indent=1)
    os.rename(path + ".new", path)


# ---- Containers


class Container:
    """A process in place of a container, or one that podman runs."""

    def __init__(self, definition, overrides):
        environment = {each["name"]: each["value"] for each in definition.get("environment", [])}
        environment.update({each["name"]: value_of_secret(each["valueFrom"]) for each in definition.get("secrets", [])})
        environment.update({each["name"]: each["value"] for each in overrides.get("environment", [])})
        entry_point, image = definition.get("entryPoint"), definition["image"]
        arguments = overrides.get("command") or definition.get("command", [])
        self.output = tempfile.TemporaryFile()
        self.name = None
        if image.startswith("localhost/"):
            if podman("image", "exists", image):
                raise RuntimeError(f"CannotPullContainerError: no such image: {image}")
            self.name = f"worker-{uuid.uuid4().hex}"
            self.environment = tempfile.NamedTemporaryFile("w", suffix=".env")
            self.environment.writelines(f"{name}={value}\n" for name, value in environment.items())
            self.environment.flush()
            command = ["podman", "run", "--rm", "--pull", "never", "--network", "bridge", "--name", self.name]
            command += ["--env-file", self.environment.name]
            command += ["--entrypoint", json.dumps(entry_point)] if entry_point else []
            command += [image, *arguments]
            environment = None
        else:
            command = list(entry_point or [image]) + arguments
        try:
            self.process = subprocess.Popen(command, env=environment, start_new_session=True, cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output)
        except OSError as failure:
            raise RuntimeError(f"CannotPullContainerError: {failure.strerror}: {command[0]}") from failure

    def exit_code(self):
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def kill(self):
        if self.name:
            podman("rm", "--force", "--time", "0", self.name)
        self.process.kill()

    def stop(self):
        while self.name and self.process.poll() is None:  # there may be none yet
            podman("stop", "--time", str(STOP_TIMEOUT), self.name)
            time.sleep(TICK)
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def log(self, group, stream):
        self.output.seek(0)
        lines = self.output.read().decode(errors="replace").splitlines()
        if group not in logs.groups:
            logs.create_log_group(group, {})
        logs.create_log_stream(group, stream)
        now = int(time.time() * 1000)
        if lines:
            logs.put_log_events(group, stream, [{"timestamp": now, "message": line} for line in lines])


def podman(*words):
    return subprocess.run(["podman", *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode


def value_of_secret(source):
    try:
        if ":secretsmanager:" in source:
            return secretsmanager_backends[ACCOUNT][REGION].get_secret_value(source, None, None)["SecretString"]
        return ssm_backends[ACCOUNT][REGION].get_parameter(source).response_object(True)["Value"]
    except Exception as failure:
        raise RuntimeError(f"ResourceInitializationError: unable to pull secrets: {source}") from failure


containers = {}  # that run, by the ARN of their task or the number of their job
moto_lock = threading.Lock()  # moto is not made for several threads: one changes lists that another goes through

# ---- ECS: PROVISIONING, PENDING, RUNNING, STOPPING, STOPPED, as the process is

state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
moto_task = Task.__init__


def new_task(self, *arguments, **named):
    moto_task(self, *arguments, **named)
    self._status = "PROVISIONING"
    self.stop_code = None
    for each in self.containers:
        each.exitCode = None


def stop_task(self, cluster_str, task_str, reason):
    for arn, task in self.tasks.get(self._get_cluster(cluster_str).name, {}).items():
        if arn == task_str or arn.endswith("/" + task_str):
            if task._status != "STOPPED":
                task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", "UserInitiated", reason
            return task
    raise InvalidParameterException("The referenced task was not found.")


def end_task(task, code, reason, exit_code=None):
    container = task.containers[0]
    container.exitCode, container.last_status = exit_code, "STOPPED"
    task.desired_status = "STOPPED"
    task.stop_code = task.stop_code or code
    task.stopped_reason = task.stopped_reason or reason
    if task.container_instance_arn:
        instance = ecs.container_instances[task.cluster_name].get(task.container_instance_arn.split("/")[-1])
        if instance:
            ecs.update_container_instance_resources(instance, task.resource_requirements, removing=True)
    task._status = "STOPPED"


def advance_task(arn, task):
    if task._status == "PROVISIONING":
        task._status = "PENDING"
    elif task._status == "PENDING":
        if task.desired_status == "STOPPED":
            return end_task(task, "UserInitiated", "")
        definition = ecs.describe_task_definition(task.task_definition_arn).container_definitions[0]
        overrides = next((each for each in task.overrides.get("containerOverrides", [])
                          if each["name"] == definition["name"]), {})
        try:
            containers[arn] = Container(definition, overrides)
        except RuntimeError as failure:
            return end_task(task, "TaskFailedToStart", str(failure))
        task.containers[0].last_status = task._status = "RUNNING"
    elif arn in containers:
        container = containers[arn]
        exit_code = container.exit_code()
        if exit_code is not None:
            del containers[arn]
            definition = ecs.describe_task_definition(task.task_definition_arn).container_definitions[0]
            options = definition.get("logConfiguration", {}).get("options")
            if options:
                container.log(options["awslogs-group"],
                              f"{options['awslogs-stream-prefix']}/{definition['name']}/{arn.split('/')[-1]}")
            end_task(task, "EssentialContainerExited", "Essential container in task exited", exit_code)
        elif task.desired_status == "STOPPED" and task._status == "RUNNING":
            task._status = "STOPPING"
            threading.Thread(target=container.stop, daemon=True).start()


moto_run_task = EC2ContainerServiceResponse.run_task
moto_describe_tasks = EC2ContainerServiceResponse.describe_tasks


def run_task(self):
    cluster = self.ecs_backend._get_cluster(self._get_param("cluster", "default"))
    if self._get_param("launchType") != "FARGATE" and not ecs.container_instances.get(cluster.name):
        raise InvalidParameterException("No Container Instances were found in your cluster.")
    answer = moto_run_task(self)
    if not answer.result["tasks"]:
        answer.result["failures"] = [{"arn": arn, "reason": "RESOURCE:MEMORY"}
                                     for arn in ecs.list_container_instances(cluster.name)]
    return answer


def describe_tasks(self):
    if len(self._get_param("tasks", [])) > 100:
        raise InvalidParameterException("Tasks cannot have more than 100 elements")
    answer = moto_describe_tasks(self)
    known = {task.task_arn for task in answer.result["tasks"]}
    answer.result["failures"] = [{"arn": arn, "reason": "MISSING"}
                                 for arn in self._get_param("tasks", []) if arn not in known]
    return answer


moto_deregister_instance = EC2ContainerServiceBackend.deregister_container_instance


def deregister_instance(self, cluster_str, instance_str, force):
    if instance_str.split("/")[-1] not in self.container_instances[self._get_cluster(cluster_str).name]:
        raise InvalidParameterException("The referenced container instance was not found.")
    return moto_deregister_instance(self, cluster_str, instance_str, force)


moto_list_tasks = EC2ContainerServiceBackend.list_tasks


def list_tasks(self, cluster, instance, family, started_by, service, desired_status):
    return moto_list_tasks(self, cluster, instance, family, started_by, service, desired_status or "RUNNING")


moto_delete_cluster = EC2ContainerServiceBackend.delete_cluster


def delete_cluster(self, cluster_str):
    name = self._get_cluster(cluster_str).name
    if any(task._status != "STOPPED" for task in self.tasks.get(name, {}).values()):
        raise ECSException("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    if self.container_instances.get(name):
        raise ECSException("ClusterContainsContainerInstancesException",
                           "The Cluster cannot be deleted while Container Instances are active or draining.")
    return moto_delete_cluster(self, cluster_str)


Task.__init__ = new_task
EC2ContainerServiceBackend.stop_task = stop_task
EC2ContainerServiceBackend.list_tasks = list_tasks
EC2ContainerServiceBackend.deregister_container_instance = deregister_instance
EC2ContainerServiceBackend.delete_cluster = delete_cluster
EC2ContainerServiceResponse.run_task = run_task
EC2ContainerServiceResponse.describe_tasks = describe_tasks

# ---- EC2: what the agent of ECS does on an instance

first_seen = {}  # by instance


def all_instances():
    return [instance for reservation in ec2.reservations.values() for instance in reservation.instances]


def advance_instances():
    for instance in all_instances():
        text = base64.b64decode(str(instance.user_data or "")).decode()
        named = re.search(r"ECS_CLUSTER=(\S+)", text)
        if not named or named[1] not in ecs.clusters:
            continue
        members = ecs.container_instances.setdefault(named[1], {})
        mine = [number for number, each in members.items() if each.ec2_instance_id == instance.id]
        begun = first_seen.setdefault(instance.id, time.monotonic())
        if instance.state == "running" and not mine and time.monotonic() - begun > 0.5:
            ecs.register_container_instance(named[1], instance.id)
            first_seen[instance.id] = float("inf")  # once
        if instance.state in ("terminated", "shutting-down"):
            for number in mine:
                del members[number]
                ecs.clusters[named[1]].registered_container_instances_count -= 1
            for arn, task in ecs.tasks.get(named[1], {}).items():
                if arn in containers and task.container_instance_arn.split("/")[-1] in mine:
                    containers[arn].kill()


# ---- Batch: the thread that moto starts for a job runs the container itself


def run_job(self):
    for status in (JobStatus.PENDING, JobStatus.RUNNABLE, JobStatus.STARTING):
        self.status = status
        time.sleep(TICK)
    if self.stop:
        return self._mark_stopped(success=False)
    self.job_started_at = datetime.now()
    self._start_attempt()
    try:
        container = Container(self.job_definition.container_properties,
                              {name: self._get_container_property(name, []) for name in ("command", "environment")})
    except RuntimeError as failure:
        self.job_stopped_reason = str(failure)
        return self._mark_stopped(success=False)
    containers[self.job_id] = container
    self.log_stream_name = self._stream_name
    self.status = JobStatus.RUNNING
    while container.exit_code() is None and not self.stop:
        time.sleep(TICK)
    if container.exit_code() is None:
        container.stop()
    del containers[self.job_id]
    container.log(self._log_group, self._stream_name)
    self.exit_code = container.exit_code()
    if self.exit_code and not self.job_stopped_reason:
        self.job_stopped_reason = "Essential container in task exited"
    self._mark_stopped(success=self.exit_code == 0)


moto_container_property = Job._get_container_property
moto_container_details = Job._container_details


def container_property(self, name, default):
    """moto adds to the environment with each look."""
    value = moto_container_property(self, name, list(default) if isinstance(default, list) else default)
    return list({each["name"]: each for each in value}.values()) if name == "environment" else value


def container_details(self):
    result = moto_container_details(self)
    if self.exit_code is not None:
        result["exitCode"] = self.exit_code
    return result


Job.run = run_job
Job.advance = lambda self: None
Job._get_container_property = container_property
Job._container_details = container_details

# ---- Calls, and those that are to fail


class Calls:
    """Stands before moto."""

    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()  # of what is noted here
        self.used = {}
        self.text = ""
        self.reads = 0  # of S3, at the moment

    def fault(self, call):
        try:
            with open(os.path.join(FOLDER, "faults.json")) as file:
                text = file.read()
        except OSError:
            return None
        with self.lock:
            if text != self.text:
                self.text, self.used = text, {}
            for number, each in enumerate(json.loads(text)):
                if each["call"] in (call, "*") and self.used.get(number, 0) < each.get("times", 10**9):
                    self.used[number] = self.used.get(number, 0) + 1
                    return each
        return None

    def note(self, call):
        with self.lock, open(os.path.join(FOLDER, "calls"), "a") as file:
            file.write(call + "\n")

    def read(self, environ, start_response):
        """As slow as a store is, so that what is asked at the same time meets."""
        with self.lock:
            self.reads += 1
            now = self.reads
        self.note(f"s3 at once {now}")
        time.sleep(0.05)
        try:
            return self.application(environ, start_response)
        finally:
            with self.lock:
                self.reads -= 1

    def __call__(self, environ, start_response):
        service = re.search(r"Credential=[^/]*/\d+/[^/]*/([^/]*)/", environ.get("HTTP_AUTHORIZATION", ""))
        service = service[1] if service else "-"
        action = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1] or environ["PATH_INFO"].split("/")[-1]
        if service in ("ec2", "sts", "cloudformation"):
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            action = re.search(rb"Action=(\w+)", body)[1].decode()
        call = f"{service} {action}"
        if service == "s3" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return self.read(environ, start_response)
        self.note(call)
        fault = self.fault(call)
        if fault and "delay" in fault:
            time.sleep(fault["delay"])
        if not fault or "delay" in fault:
            with moto_lock:
                return self.application(environ, start_response)
        if "lost" in fault:
            with moto_lock:
                list(self.application(environ, lambda *arguments: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start_response("200 X", [])
            return []
        if "answer" in fault:
            answer = fault["answer"]
            status, body = 200, answer if isinstance(answer, str) else json.dumps(answer)
        elif service in ("ec2", "sts", "cloudformation"):
            status = fault.get("status", 400)
            body = (f"<Response><Errors><Error><Code>{fault['code']}</Code><Message>{fault.get('message', '')}</Message>"
                    "</Error></Errors></Response>")
        else:
            status = fault.get("status", 400)
            body = json.dumps({"__type": fault["code"], "message": fault.get("message", "")})
        start_response(f"{status} X", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body.encode()]


def state():
    return {
        "clusters": [name for name, each in ecs.clusters.items() if each.status == "ACTIVE"
                     and not name.startswith("OnDemand_Batch")],  # of the compute environment
        "definitions": ecs.list_task_definitions(None),
        "tasks": {arn: task._status for tasks in list(ecs.tasks.values()) for arn, task in list(tasks.items())
                  if task._status != "STOPPED"},
        "instances": {each.id: each.state for each in all_instances() if each.state != "terminated"},
        "jobs": {job.job_id: job.status for queue in batch._job_queues.values() for job in list(queue.jobs)
                 if job.status not in ("SUCCEEDED", "FAILED")},
        "secrets": [each.name for each in secretsmanager_backends[ACCOUNT][REGION].secrets.values()
                    if not each.is_deleted()],
        "parameters": [name for name in ssm_backends[ACCOUNT][REGION]._parameters
                       if not name.startswith("/aws/")],
        "containers": len(containers),
    }


def prepare(endpoint):
    """What a user has made before the first run."""
    def client(service):
        return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="setup",
                            aws_secret_access_key="setup")
    subnet = client("ec2").describe_subnets()["Subnets"][0]
    group = client("ec2").describe_security_groups()["SecurityGroups"][0]["GroupId"]
    role = client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client("iam").create_instance_profile(InstanceProfileName="worker")
    jobs = client("batch")
    environment = jobs.create_compute_environment(
        computeEnvironmentName="workers", type="MANAGED", state="ENABLED", serviceRole=role,
        computeResources={"type": "FARGATE", "maxvCpus": 16, "subnets": [subnet["SubnetId"]], "securityGroupIds": [group]})
    jobs.create_job_queue(jobQueueName="queue", state="ENABLED", priority=1, computeEnvironmentOrder=[
        {"order": 1, "computeEnvironment": environment["computeEnvironmentArn"]}])
    write("state.json", state())
    write("world.json", {"endpoint": endpoint, "region": REGION, "subnet": subnet["SubnetId"], "security_group": group,
                         "role": role, "queue": "queue"})


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Calls(DomainDispatcherApplication(create_backend_app)), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    parent = os.getppid()
    before = None
    try:
        prepare(f"http://127.0.0.1:{server.server_port}")
        while os.getppid() == parent:
            with moto_lock:
                advance_instances()
                for tasks in list(ecs.tasks.values()):
                    for arn, task in list(tasks.items()):
                        advance_task(arn, task)
                now = state()
            if now != before:
                write("state.json", now)
            before = now
            time.sleep(TICK)
    finally:
        for container in list(containers.values()):
            container.kill()


main()
