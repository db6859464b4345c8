using System.Globalization;

namespace Paws.Runner.Checkpoints;

/// <summary>Something a pickle may call by name.</summary>
internal sealed record PickleFunction(Func<object?[], object?> Invoke);

/// <summary>
/// The machine that Python's pickle format is a program for, cut down to what checkpoints need: protocols 2 to 5 without
/// instances, sets and buffers. It builds null, bool, long (BigInteger), double, string, byte[], object?[] for tuples,
/// List for lists, OrderedDictionary for dictionaries, and what the two functions given to it answer. A name it meets goes to
/// <c>findGlobal</c> before anything is done with it, so that nothing but what that function knows can be called.
/// </summary>
/// <param name="stream">Seekable; read up to the end of one pickle.</param>
/// <param name="findGlobal">Module and name to a <see cref="PickleFunction"/> or a value; throws for anything unknown.</param>
/// <param name="findPersistent">An object stored outside the pickle, by its identifier.</param>
internal sealed class PickleReader(Stream stream, Func<string, string, object> findGlobal, Func<object?, object> findPersistent)
{
    private const int NewestProtocol = 5;

    private readonly PickleInput input = new(stream);
    private readonly List<object?> stack = [];
    private readonly List<int> marks = [];
    private readonly Dictionary<long, object?> memo = [];

    /// <summary>Runs one pickle.</summary>
    /// <exception cref="InvalidDataException">It is malformed, as the end of a sentence.</exception>
    /// <exception cref="EndOfStreamException">It ends early.</exception>
    public object? Load()
    {
        for (byte code = input.Byte(); code != '.'; code = input.Byte())
        {
            if (!Value(code) && !Container(code) && !Memory(code) && !Call(code))
            {
                throw Malformed(string.Create(CultureInfo.InvariantCulture, $"it holds the unknown pickle instruction 0x{code:x2}"));
            }
        }
        return Pop();
    }

    private bool Value(byte code)
    {
        switch (code)
        {
            case (byte)'N':
                return Push(null);
            case 0x88:
                return Push(true);
            case 0x89:
                return Push(false);
            case (byte)'J':
                return Push((long)input.Int32());
            case (byte)'K':
                return Push((long)input.Byte());
            case (byte)'M':
                return Push((long)input.UInt16());
            case 0x8a:
                return Push(input.Integer(input.Byte()));
            case 0x8b:
                return Push(input.Integer(input.UInt32()));
            case (byte)'G':
                return Push(input.Double());
            case (byte)'X':
                return Push(input.Text(input.UInt32()));
            case 0x8c:
                return Push(input.Text(input.Byte()));
            case 0x8d:
                return Push(input.Text(input.UInt64()));
            case (byte)'T':
                return Push(input.Latin1(input.UInt32()));
            case (byte)'U':
                return Push(input.Latin1(input.Byte()));
            case (byte)'B':
                return Push(input.Bytes(input.UInt32()));
            case (byte)'C':
                return Push(input.Bytes(input.Byte()));
            case 0x8e:
                return Push(input.Bytes(input.UInt64()));
            default:
                return false;
        }
    }

    private bool Container(byte code)
    {
        switch (code)
        {
            case (byte)')':
                return Push(Array.Empty<object?>());
            case 0x85:
            case 0x86:
            case 0x87:
                return Push(Take(stack.Count - (code - 0x84)));
            case (byte)'t':
                return Push(TakeMarked());
            case (byte)']':
                return Push(new List<object?>());
            case (byte)'l':
                return Push(TakeMarked().ToList());
            case (byte)'a':
                object? item = Pop();
                Top<List<object?>>().Add(item);
                return true;
            case (byte)'e':
                object?[] items = TakeMarked();
                Top<List<object?>>().AddRange(items);
                return true;
            case (byte)'}':
                return Push(new OrderedDictionary<object, object?>());
            case (byte)'d':
                object?[] content = TakeMarked();
                var dictionary = new OrderedDictionary<object, object?>();
                Insert(dictionary, content);
                return Push(dictionary);
            case (byte)'s':
                object?[] pair = Take(stack.Count - 2);
                Insert(Top<OrderedDictionary<object, object?>>(), pair);
                return true;
            case (byte)'u':
                object?[] pairs = TakeMarked();
                Insert(Top<OrderedDictionary<object, object?>>(), pairs);
                return true;
            default:
                return false;
        }
    }

    private bool Memory(byte code)
    {
        switch (code)
        {
            case 0x80:
                if (input.Byte() is var protocol and > NewestProtocol)
                {
                    throw Malformed(string.Create(CultureInfo.InvariantCulture, $"it is pickled by the unknown protocol {protocol}"));
                }
                return true;
            case 0x95: // a frame's length, of use only to who reads ahead
                input.UInt64();
                return true;
            case (byte)'(':
                marks.Add(stack.Count);
                return true;
            case (byte)'0':
                Pop();
                return true;
            case (byte)'1':
                TakeMarked();
                return true;
            case (byte)'2':
                return Push(Peek());
            case (byte)'q':
                memo[input.Byte()] = Peek();
                return true;
            case (byte)'r':
                memo[input.UInt32()] = Peek();
                return true;
            case 0x94:
                memo[memo.Count] = Peek();
                return true;
            case (byte)'h':
                return Push(Recall(input.Byte()));
            case (byte)'j':
                return Push(Recall(input.UInt32()));
            default:
                return false;
        }
    }

    private bool Call(byte code)
    {
        switch (code)
        {
            case (byte)'c':
                return Push(findGlobal(input.Line(), input.Line()));
            case 0x93:
                object?[] name = Take(stack.Count - 2);
                return name is [string module, string member]
                    ? Push(findGlobal(module, member))
                    : throw Malformed("it names something by what is no text");
            case (byte)'R':
                object?[] call = Take(stack.Count - 2);
                return call is [PickleFunction function, object?[] arguments]
                    ? Push(function.Invoke(arguments))
                    : throw Malformed("it calls what cannot be called");
            case (byte)'Q':
                return Push(findPersistent(Pop()));
            case (byte)'b':
                // State of an object: state dictionaries carry version numbers of their modules this way, which nobody needs.
                Pop();
                Top<OrderedDictionary<object, object?>>();
                return true;
            default:
                return false;
        }
    }

    private bool Push(object? value)
    {
        stack.Add(value);
        return true;
    }

    private object? Pop() => Take(stack.Count - 1)[0];

    private object? Peek() => stack.Count > Floor ? stack[^1] : throw Malformed("its pickle takes what is not there");

    private T Top<T>()
        where T : class => Peek() as T ?? throw Malformed("its pickle puts something into what is no container for it");

    private object? Recall(long key) =>
        memo.TryGetValue(key, out object? value) ? value : throw Malformed("its pickle recalls what it never stored");

    /// <summary>Nothing below the last mark may be taken.</summary>
    private int Floor => marks.Count == 0 ? 0 : marks[^1];

    private object?[] TakeMarked()
    {
        if (marks.Count == 0)
        {
            throw Malformed("its pickle takes what is not there");
        }
        object?[] taken = Take(Floor);
        marks.RemoveAt(marks.Count - 1);
        return taken;
    }

    /// <summary>Takes the stack from that height upwards.</summary>
    private object?[] Take(int from)
    {
        if (from < Floor)
        {
            throw Malformed("its pickle takes what is not there");
        }
        object?[] taken = [.. stack.Skip(from)];
        stack.RemoveRange(from, stack.Count - from);
        return taken;
    }

    /// <summary>Adds keys and values that alternate.</summary>
    public static void Insert(OrderedDictionary<object, object?> dictionary, ReadOnlySpan<object?> alternating)
    {
        if (alternating.Length % 2 != 0)
        {
            throw Malformed("it has a dictionary with a key without a value");
        }
        for (int at = 0; at < alternating.Length; at += 2)
        {
            dictionary[alternating[at] ?? throw Malformed("it has a dictionary with an empty key")] = alternating[at + 1];
        }
    }

    private static InvalidDataException Malformed(string what) => new(what);
}
