namespace Paws.Runner.Parallel;

/// <summary>A rank failed, and all have agreed to end. Rank 0 says so in one line.</summary>
/// <param name="message">Which rank, and why.</param>
/// <param name="code">Exit code of all ranks.</param>
/// <param name="failure">The failure, on the rank that had it.</param>
internal sealed class RankFailedException(string message, int code, Exception? failure) : Exception(message, failure)
{
    /// <summary>Exit code of all ranks.</summary>
    public int Code => code;
}

/// <summary>All ranks stop, since one was asked to.</summary>
internal sealed class RanksStoppedException : OperationCanceledException;
