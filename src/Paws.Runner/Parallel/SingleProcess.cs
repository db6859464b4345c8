using TorchSharp;

namespace Paws.Runner.Parallel;

/// <summary>One rank: every operation finds its work done.</summary>
public sealed class SingleProcess : ICollectives
{
    /// <inheritdoc />
    public int Rank => 0;

    /// <inheritdoc />
    public int Size => 1;

    /// <inheritdoc />
    public string Name => "single process";

    /// <inheritdoc />
    public void Sum(torch.Tensor tensor) { }

    /// <inheritdoc />
    public void Gather(torch.Tensor own, torch.Tensor all) => all.view(-1).copy_(own.view(-1));

    /// <inheritdoc />
    public void Broadcast(torch.Tensor tensor, int root) { }

    /// <inheritdoc />
    public void Barrier() { }

    /// <inheritdoc />
    public void Abort(int code) => Environment.Exit(code);

    /// <inheritdoc />
    public void Dispose() { }
}
