using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Paws.Runner.Checkpoints;

/// <summary>Where a run stands: what a checkpoint says besides its tensors.</summary>
public sealed record RunState
{
    internal const string FormatVersion = "1";

    private const string FormatKey = "paws.format";
    private const string PhaseKey = "paws.phase";
    private const string StepKey = "paws.step";
    private const string SecondsKey = "paws.seconds";
    private const string ConfigHashKey = "paws.config_hash";
    private const string ExtraKey = "paws.extra";

    /// <summary>The phase under way, such as <c>pretrain</c> or <c>finetune</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Steps of that phase that are done, at least 0.</summary>
    public required long Step { get; init; }

    /// <summary>Seconds of training so far, over all sittings, at least 0.</summary>
    public required double Seconds { get; init; }

    /// <summary>Hash of the resolved configuration, to refuse a resume under another one.</summary>
    public required string ConfigHash { get; init; }

    /// <summary>Anything else: random states, positions of samplers, best results.</summary>
    public JsonObject Extra { get; init; } = [];

    internal Dictionary<string, string> ToMetadata() =>
        new()
        {
            [FormatKey] = FormatVersion,
            [PhaseKey] = Phase,
            [StepKey] = Step.ToString(CultureInfo.InvariantCulture),
            [SecondsKey] = Seconds.ToString("R", CultureInfo.InvariantCulture),
            [ConfigHashKey] = ConfigHash,
            [ExtraKey] = Extra.ToJsonString(),
        };

    /// <exception cref="UserErrorException">The file is no run checkpoint, or one of another version.</exception>
    internal static RunState Of(string path, IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(FormatKey, out string? version))
        {
            throw new UserErrorException($"{path} holds weights only, not the state of a run, so it cannot be resumed.");
        }
        if (version != FormatVersion)
        {
            throw new UserErrorException(
                $"{path} has checkpoint format {SafeTensorsHeader.Shown(version)}, but this program reads {FormatVersion}: "
                    + "resume with the program that wrote it."
            );
        }
        if (
            !metadata.TryGetValue(PhaseKey, out string? phase)
            || !metadata.TryGetValue(ConfigHashKey, out string? configHash)
            || !long.TryParse(metadata.GetValueOrDefault(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out long step)
            || !double.TryParse(metadata.GetValueOrDefault(SecondsKey), CultureInfo.InvariantCulture, out double seconds)
            || !double.IsFinite(seconds)
            || Parse(metadata.GetValueOrDefault(ExtraKey)) is not { } extra
        )
        {
            throw new UserErrorException($"{path} has a damaged description of its run. Use another copy of it.");
        }
        return new RunState
        {
            Phase = phase,
            Step = step,
            Seconds = seconds,
            ConfigHash = configHash,
            Extra = extra,
        };
    }

    private static JsonObject? Parse(string? json)
    {
        try
        {
            return JsonNode.Parse(json ?? "", documentOptions: new() { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
