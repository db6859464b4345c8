using System.Diagnostics;
using System.Reflection;

namespace Paws.Runner.Reporting;

/// <summary>Which commit of the source this program was built from.</summary>
public static class SourceCommit
{
    /// <summary>The commit the build recorded in the assembly, else that of a git checkout around the program, else null.</summary>
    public static string? Find() => Recorded ?? Asked.Value;

    private static string? Recorded
    {
        get
        {
            string? version = typeof(SourceCommit)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion;
            int plus = version?.IndexOf('+') ?? -1;
            return plus < 0 ? null : version![(plus + 1)..];
        }
    }

    private static readonly Lazy<string?> Asked = new(() =>
    {
        try
        {
            var start = new ProcessStartInfo("git", ["-C", AppContext.BaseDirectory, "rev-parse", "HEAD"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process git = Process.Start(start)!;
            string commit = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 && commit.Length > 0 ? commit : null;
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or IOException)
        {
            return null; // no git here
        }
    });
}
