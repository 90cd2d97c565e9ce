"""Codes of AWS's errors by what to do about them, and texts that AWS writes.

A code means the same wherever it comes from, so the services are not told apart.
`NotFound` and `AlreadyExists` are recognised by their names; some keep the suffix
`Fault` or `Exception`, some do not.
"""

DENIED = (
    "AccessDenied AccessDeniedException UnauthorizedOperation AuthFailure "
    "AccessToSnapshotDenied AccessToClusterDenied DependentServiceAccessDenied "
    "DependencyAccessDeniedException KmsAccessDeniedException 403"
)
# Asked too often, or beside another change: the request was not carried out
THROTTLED = (
    "Throttling ThrottlingException ThrottledException RequestThrottled "
    "RequestThrottledException RequestLimitExceeded TooManyRequestsException "
    "TooManyUpdates SlowDown BandwidthLimitExceeded EC2ThrottledException "
    "PriorRequestNotComplete ConcurrentModification ConcurrentModificationException "
    "OperationAborted OperationAbortedException "
    "DependentServiceRequestThrottlingFault"
)
UNAVAILABLE = (
    "ServiceUnavailable ServiceUnavailableException Unavailable "
    "DependentServiceUnavailableFault"
)
# AWS failed on its own side, and may have done what was asked before it did
BROKEN = (
    "InternalFailure InternalError InternalErrorException InternalServerError "
    "InternalServerException InternalServiceError InternalServiceException "
    "ServiceFailure ServiceException RequestTimeout RequestTimeoutException"
)
BUSY = (
    "InvalidClusterState InvalidClusterSnapshotState SnapshotScheduleUpdateInProgress "
    "InvalidClusterSnapshotScheduleState"
)
IN_USE = (
    "DependencyViolation DeleteConflict InvalidClusterSubnetGroupStateFault "
    "InvalidClusterParameterGroupState InvalidGroup.InUse ResourceInUseException "
    "InvalidNetworkInterface.InUse InvalidIPAddress.InUse"
)
THERE = (
    "InvalidGroup.Duplicate InvalidPermission.Duplicate RouteAlreadyExists "
    "Resource.AlreadyAssociated AlreadyExistsException"
)
ANY_THERE = r"AlreadyExists?(Fault|Exception)?$|\.Duplicate$|\.AlreadyAssociated$"
ANY_MISSING = r"NotFound(Fault|Exception)?$|^NoSuch|\.NotAttached$|^DoesNotExist"
REFUSED = "InvalidParameterValue InvalidParameterCombination"

# Texts, without regard to case. The role of a scheduled action has the second form.
UNKNOWN_ROLE = (
    r"\bIAM role\b.*\b(is not valid|is invalid|cannot be assumed|does not exist)"
    r"|\brole must delegate access\b"
)
PAUSED = r"\b(?:is|in|an?|already|currently|while)\s+(?:in\s+)?(?:the\s+)?paused\b"
OLD_SNAPSHOT = r"used by (?:the )?cluster deleted-"
SKEWED = r"Signature expired|Signature not yet current"
UNKNOWN_LOGIN = r"validate the provided access credentials"
