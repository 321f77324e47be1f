package dev.cipherlink.chat;

import dev.cipherlink.chat.ChatLog.ChatRecords;

class ChatLogTest extends ChatLogContract {

    @Override
    protected ChatRecords records() {
        return new ChatRecords.None();
    }
}
