namespace Paws.Runner.Doctor;

/// <summary>How a finding bears on the main job.</summary>
public enum FindingState
{
    /// <summary>Present and in order.</summary>
    Fine,

    /// <summary>The main job runs without it, but slower or with less.</summary>
    Optional,

    /// <summary>The main job cannot run.</summary>
    Missing,
}

/// <summary>One thing a machine has or lacks.</summary>
/// <param name="Topic">A word or two: what was looked at.</param>
/// <param name="State">What it means for the main job.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do about it; null when there is nothing to do.</param>
public sealed record Finding(string Topic, FindingState State, string Found, string? Remedy = null);
