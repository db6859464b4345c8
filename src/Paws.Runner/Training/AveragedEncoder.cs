using Paws.Model;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>
/// A second encoder whose weights are an exponential moving average of those of the encoder in training, together with other tensors
/// that are trained beside it: BYOL's target, the weights that FixMatch is judged by. No gradient reaches it.
/// </summary>
internal sealed class AveragedEncoder : IDisposable
{
    private const string Prefix = "average.";

    private readonly Encoder online;
    private readonly FlatParameters followed;
    private readonly FlatParameters parameters;
    private readonly NamedTensor[] beside;

    /// <summary>A copy of the weights as they stand.</summary>
    /// <param name="run">Makes an encoder of the same shape.</param>
    /// <param name="online">The encoder in training.</param>
    /// <param name="followed">Its parameters in order, then those of <paramref name="beside"/>.</param>
    /// <param name="beside">Where the averages of what is trained beside the encoder go; the caller owns them.</param>
    public AveragedEncoder(RunSetting run, Encoder online, FlatParameters followed, params IEnumerable<NamedTensor> beside)
    {
        (this.online, this.followed) = (online, followed);
        this.beside = [.. beside];
        Encoder = run.NewEncoder();
        parameters = new FlatParameters([.. Encoder.NamedParameters(), .. this.beside]);
        Follow(0);
        CopyBuffers();
    }

    /// <summary>The encoder with averaged weights.</summary>
    public Encoder Encoder { get; }

    /// <summary>What a checkpoint must hold.</summary>
    public IEnumerable<(string Name, torch.Tensor Value)> State =>
        RunContext.EncoderState(Encoder, Prefix).Concat(beside.Select(t => (Prefix + t.Name, t.Value)));

    /// <summary>average ← m · average + (1 − m) · trained, for every parameter.</summary>
    /// <param name="momentum">m in [0, 1].</param>
    public void Follow(double momentum)
    {
        using var frozen = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Scalars.addTo(Scalars.multiplyTo(momentum, parameters.Values), Scalars.multiply(1 - momentum, followed.Values));
    }

    /// <summary>Takes over the running statistics of the encoder in training, which are averages already.</summary>
    public void CopyBuffers()
    {
        using var frozen = torch.no_grad();
        foreach (var (source, target) in online.NamedBuffers().Zip(Encoder.NamedBuffers()))
        {
            target.Value.copy_(source.Value);
        }
    }

    /// <summary>Puts the averaged weights into the encoder in training, which keeps its running statistics, and into what is trained beside it.</summary>
    public void Replace() => followed.Values.copy_(parameters.Values);

    /// <inheritdoc />
    public void Dispose()
    {
        ((IDisposable)parameters).Dispose();
        ((IDisposable)Encoder).Dispose();
    }
}
