using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Paws.Runner.Reporting;

/// <summary>
/// Where a command talks to. People read <see cref="People"/>, on standard output; with --json that channel moves to standard
/// error, and standard output holds nothing but the one JSON object of <see cref="WriteResult"/>.
/// </summary>
public sealed class CommandConsole
{
    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly TextWriter _output;
    private readonly TextWriter _error;

    /// <summary>A console over given streams.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="people">Where text for people goes.</param>
    /// <param name="json">Whether the result is printed as JSON on standard output.</param>
    /// <param name="error">Standard error; null where nobody reads it.</param>
    public CommandConsole(TextWriter output, IAnsiConsole people, bool json, TextWriter? error = null)
    {
        (_output, People, Json, _error) = (output, people, json, error ?? TextWriter.Null);
    }

    /// <summary>Text for people: a terminal with colours and live display, or plain lines.</summary>
    public IAnsiConsole People { get; }

    /// <summary>Whether the result is asked for as JSON.</summary>
    public bool Json { get; }

    /// <summary>The console of this process.</summary>
    /// <param name="json">Whether the result is printed as JSON on standard output.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="piped">Whether it is a pipe although it looks like a terminal: mpirun gives its ranks one of its own making.</param>
    public static CommandConsole ForProcess(bool json, TextWriter output, TextWriter error, bool piped = false)
    {
        var people = json ? error : output;
        bool redirected = json ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        bool own = ReferenceEquals(people, json ? Console.Error : Console.Out);
        bool plain = piped || !own || redirected;
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
                Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
                Out = new AnsiConsoleOutput(people),
            }
        );
        if (plain)
        {
            // A pipe has no width; a line is never broken there.
            console.Profile.Width = 4096;
        }
        return new CommandConsole(output, console, json, error);
    }

    /// <summary>One line for people, taken literally.</summary>
    public void Say(string line) => People.WriteLine(line);

    /// <summary>One line on standard error: something is done differently from what was asked, or not at all.</summary>
    public void Note(string line) => Warn($"note: {line}");

    /// <summary>One line on standard error: what is done differently from what was asked or is usual.</summary>
    public void Warn(string line)
    {
        _error.WriteLine($"paws: {line}");
        _error.Flush();
    }

    /// <summary>The result: with --json the last line of standard output, otherwise nothing (people have been told already).</summary>
    public void WriteResult(JsonObject result)
    {
        if (Json)
        {
            _output.WriteLine(result.ToJsonString(OneLine));
            _output.Flush();
        }
    }
}
