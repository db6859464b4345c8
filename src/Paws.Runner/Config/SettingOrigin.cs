namespace Paws.Runner.Config;

/// <summary>Who gave a key its value, in the order in which one wins over another.</summary>
internal enum SettingSource
{
    /// <summary>Nobody: the program's default.</summary>
    Default,

    /// <summary>A preset.</summary>
    Preset,

    /// <summary>A configuration file.</summary>
    File,

    /// <summary>--set.</summary>
    Set,

    /// <summary>An option with a name of its own, such as --epochs.</summary>
    Option,
}

/// <summary>Where the value of a key comes from.</summary>
/// <param name="Source">What kind of place.</param>
/// <param name="Place">As messages call it: <c>preset quick</c>, <c>c.yaml, line 3</c>, <c>--set data.flip=0</c>.</param>
/// <param name="Order">Among places of the same kind, which was read later.</param>
/// <param name="Recorded">
/// Whether a run wrote it into its configuration, beside every other key: then it says what was, not what somebody asks for.
/// </param>
internal sealed record SettingOrigin(SettingSource Source, string Place, int Order = 0, bool Recorded = false)
{
    /// <summary>Nobody gave it.</summary>
    public static SettingOrigin Default { get; } = new(SettingSource.Default, "the defaults");

    /// <summary>Whether the user gave it: not a preset, a default or a recorded configuration.</summary>
    public bool Asked => Source >= SettingSource.File && !Recorded;

    /// <summary>Whether this one's value wins over another's.</summary>
    public bool Outranks(SettingOrigin other) => Rank.CompareTo(other.Rank) > 0;

    /// <summary>Whether both values were given in one place: the same file, --set, or options.</summary>
    public bool IsBeside(SettingOrigin other) => Rank == other.Rank;

    private (SettingSource, int) Rank => (Source, Source == SettingSource.File ? Order : 0);
}
