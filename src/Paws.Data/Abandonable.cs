namespace Paws.Data;

/// <summary>Work that cannot be asked to stop, such as a listing on a file system that hangs: who waits for it can leave.</summary>
internal static class Abandonable
{
    /// <summary>Does the work on another thread and waits for it.</summary>
    /// <exception cref="OperationCanceledException">Cancelled first. The work goes on by itself, and nobody hears of its result.</exception>
    public static T Run<T>(Func<T> work, CancellationToken cancellation) =>
        cancellation.CanBeCanceled ? Task.Run(work, cancellation).WaitAsync(cancellation).GetAwaiter().GetResult() : work();
}
