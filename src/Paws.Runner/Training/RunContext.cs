using System.Security.Cryptography;
using Paws.Model;
using Paws.Runner.Checkpoints;
using Paws.Runner.Config;
using Paws.Runner.Parallel;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>A run under way: its setting, where results go, what the user sees, how far it has come, and whether to stop.</summary>
/// <param name="Setting">Configuration, data, labels, device.</param>
/// <param name="Directory">The run directory.</param>
/// <param name="Metrics">Metrics file; null on ranks that do not lead.</param>
/// <param name="Progress">What the user sees while it runs.</param>
/// <param name="State">How far the run has come.</param>
/// <param name="Stop">Cancelled by Ctrl-C.</param>
internal sealed record RunContext(
    RunSetting Setting,
    string Directory,
    MetricsWriter? Metrics,
    IProgressView Progress,
    RunProgress State,
    CancellationToken Stop
)
{
    /// <summary>Resolved configuration.</summary>
    public PawsConfig Config => Setting.Config;

    /// <summary>This process among the ranks of the run.</summary>
    public Workers Ranks => Setting.Ranks;

    /// <summary>Writes a checkpoint from which the run continues bit for bit, on the rank that leads.</summary>
    /// <exception cref="UserErrorException">The weights or the optimiser's state have diverged: the checkpoints that are there stay.</exception>
    public void Save(IPhase phase, PhaseState state)
    {
        if (!Ranks.Leads)
        {
            return;
        }
        Metrics?.Flush();
        var tensors = EncoderState(phase.Encoder, RunCheckpoint.EncoderPrefix).Concat(phase.State).ToList();
        RequireFinite(phase, state, tensors);
        RunCheckpoint.Save(
            Path.Combine(Directory, RunCheckpoint.FileName),
            tensors,
            new RunState
            {
                Phase = phase.Name,
                Step = state.Step,
                Seconds = state.Seconds,
                ConfigHash = HashOf(Config),
                Extra = State.ToJson(),
            }
        );
    }

    /// <summary>Refuses to save what is not finite, and weights from which no smaller step leads back.</summary>
    /// <exception cref="UserErrorException">The run has diverged.</exception>
    public void RequireFinite(IPhase phase, PhaseState state, IEnumerable<(string Name, torch.Tensor Value)> tensors)
    {
        var largest = Finite.Largest(phase.Parameters.Values);
        var sign =
            !double.IsFinite(largest) ? "its weights are not finite numbers"
            : largest > Diverged.LargestWeight ? FormattableString.Invariant($"its weights have grown to {largest:0.#e+0}")
            : Finite.FirstNot(tensors.Where(t => t.Name != BestEpoch.JudgedName)) is { } name ? $"{name} is not finite"
            : null;
        if (sign is not null)
        {
            throw new UserErrorException(Diverged.Words(phase, sign, state.Step, Config));
        }
    }

    /// <summary>An encoder's parameters and buffers under their published names, behind a prefix.</summary>
    public static IEnumerable<(string Name, torch.Tensor Value)> EncoderState(Encoder encoder, string prefix = "") =>
        encoder.NamedParameters().Concat(encoder.NamedBuffers()).Select(t => (prefix + t.Name, t.Value));

    /// <summary>Hash of a configuration, logging left out: what must not change between a run and its continuation.</summary>
    public static string HashOf(PawsConfig config)
    {
        var computed = config with { Logging = new LoggingSection() };
        return Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(ConfigWriter.ToYaml(computed))));
    }
}
